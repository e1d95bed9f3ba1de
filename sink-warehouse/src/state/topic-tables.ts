import { Failure } from '@ewallet/failure';
import { SINK_SCHEMA } from '@ewallet/sink-schema';
import type { ClientBase } from 'pg';
import { shownTable } from '../tables/table-name';
import { standingOf, takenTable, type Standing, type TopicDecision } from '../tables/topic-decision';

interface Row {
  readonly connector: string;
  readonly topic: string;
  readonly stream: string;
  readonly namespace: string | null;
  readonly table_schema: string;
  readonly table_name: string;
  readonly keyed: boolean | null;
}

const COLUMNS = 'connector, topic, stream, namespace, table_schema, table_name, keyed';

/** What was decided for the connector's topics. */
export async function readDecisions(client: ClientBase, connector: string): Promise<TopicDecision[]> {
  const { rows } = await client.query<Row>(`select ${COLUMNS} from ${SINK_SCHEMA}.tables where connector = $1`, [
    connector,
  ]);
  return rows.map(decision);
}

/**
 * Decides, in the transaction of the topic's first rows, that the topic fills this table. Writes and locks nothing where
 * that was decided before: instances that start at once would take turns at their first batches.
 *
 * @param columns what the sink writes into the table; undefined leaves the list as it is
 * @throws Failure config_error where another topic fills the table; transient_error where another instance decided
 *   otherwise a moment ago: who tries again has to read the decisions first
 */
export async function decideTable(
  client: ClientBase,
  proposal: TopicDecision,
  columns: readonly string[] | undefined,
): Promise<void> {
  const known = await ask(client, proposal, columns);
  if (known.standing.kind === 'agreed' && known.hasColumns) return;
  const { connector, topic, stream, namespace, name, keyed } = proposal;
  for (const lock of [`sink:${connector}/${topic}`, `sink-table:${shownTable(name)}`]) {
    await client.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [lock]);
  }
  const { standing } = await ask(client, proposal, columns); // another instance may have decided before the lock was had
  switch (standing.kind) {
    case 'taken':
      throw takenTable(proposal, standing.by);
    case 'decided-otherwise':
      throw Failure.transient(
        `${topic}: another instance has just decided that it fills ${shownTable(standing.by.name)}${standing.by.keyed === false ? ', without a key' : ''}; this one follows.`,
      );
    case 'open':
    case 'agreed':
      break;
    default:
      throw Failure.system(`Unknown standing ${JSON.stringify(standing satisfies never)}.`);
  }
  await client.query(
    `insert into ${SINK_SCHEMA}.tables as known (table_schema, table_name, connector, topic, stream, namespace, keyed, columns)
     values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::text[], '{}'))
     on conflict (connector, topic) do update
       set columns = coalesce($8::text[], known.columns), namespace = coalesce(known.namespace, excluded.namespace),
         keyed = coalesce(known.keyed, excluded.keyed), updated_at = now()`,
    [name.schema, name.table, connector, topic, stream, namespace, keyed, columns ?? null],
  );
}

async function ask(
  client: ClientBase,
  proposal: TopicDecision,
  columns: readonly string[] | undefined,
): Promise<{ readonly standing: Standing; readonly hasColumns: boolean }> {
  const { connector, topic, name } = proposal;
  const { rows } = await client.query<Row & { has_columns: boolean }>(
    `select ${COLUMNS}, connector = $1 and topic = $2 and ($5::text[] is null or columns = $5::text[]) as has_columns
     from ${SINK_SCHEMA}.tables
     where (connector = $1 and topic = $2) or (table_schema = $3 and table_name = $4)
     order by connector, topic`,
    [connector, topic, name.schema, name.table, columns ?? null],
  );
  return { standing: standingOf(proposal, rows.map(decision)), hasColumns: rows.some((row) => row.has_columns) };
}

function decision(row: Row): TopicDecision {
  const { connector, topic, stream, namespace, keyed } = row;
  return { connector, topic, stream, namespace, keyed, name: { schema: row.table_schema, table: row.table_name } };
}
