import { quoteIdentifier } from '@ewallet/postgres';
import { withClient, type BenchSession } from './bench-session';
import { copyCommand } from './copy-program';
import { runPipeline } from '../measure/pipeline';

const STREAMS = ['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity'] as const;
type Stream = (typeof STREAMS)[number];

/** The streams whose rows are split into what there was and what is new, and the time that splits them. */
const SPLIT: Readonly<Partial<Record<Stream, string>>> = { transactions: 'created_at', user_activity: 'occurred_at' };

const LINEAGE = [
  ['_kafka_topic', 'text', ({ stream }: Landing) => `'public.${stream}'`],
  ['_kafka_partition', 'integer', () => '0'],
  ['_kafka_offset', 'bigint', () => 'row_number() over () - 1'],
  ['_schema_id', 'integer', () => '1'],
  ['_airbyte_extracted_at', 'timestamptz', landedAt],
  ['_airbyte_meta', 'jsonb', () => `'{}'`],
  ['_loaded_at', 'timestamptz', landedAt],
] as const;

interface Landing {
  readonly stream: Stream;
  readonly kind: 'first' | 'later';
  readonly split: string;
}

/** A minute after the row was made, as when syncs run all the time; what there was at the split had landed by then. */
function landedAt({ stream, kind, split }: Landing): string {
  const made = stream === 'user_activity' ? 'occurred_at' : 'updated_at';
  return `${kind === 'first' ? `least(${made}, timestamptz '${split}')` : made} + interval '1 minute'`;
}

/** Recreates schema `raw` with the tables that the sink makes by default, empty. */
export async function makeRawTables(session: BenchSession, warehouseUrl: string): Promise<void> {
  await withClient(warehouseUrl, async (client) => {
    await client.query('drop schema if exists raw cascade; create schema raw');
    for (const stream of STREAMS) {
      const columns = await columnsOf(session, stream);
      const definitions = [
        ...columns.map(({ name, landed }) => `${quoteIdentifier(name)} ${landed}`),
        ...LINEAGE.map(([name, type]) => `${name} ${type}`),
      ];
      const key = stream === 'currencies' ? 'code' : 'id';
      await client.query(`create table raw.${stream} (${definitions.join(', ')}, primary key (${key}))`);
      await client.query(`create index on raw.${stream} using brin (_loaded_at)`);
    }
  });
}

/**
 * Lands rows as the sink would have, by COPY from the e-wallet database: those up to the split, or the later ones. Kafka is
 * left out, as it would take longer than what is measured here.
 */
export async function landRows(
  session: BenchSession,
  warehouseUrl: string,
  which: { readonly kind: 'first' | 'later'; readonly split: string },
): Promise<void> {
  for (const stream of STREAMS) {
    const time = SPLIT[stream];
    if (time === undefined && which.kind === 'later') continue;
    const condition =
      time === undefined ? 'true' : `${time} ${which.kind === 'first' ? '<=' : '>'} timestamptz '${which.split}'`;
    const columns = await columnsOf(session, stream);
    const values = [...columns.map(({ value }) => value), ...LINEAGE.map(([, , value]) => value({ stream, ...which }))];
    const names = [...columns.map(({ name }) => quoteIdentifier(name)), ...LINEAGE.map(([name]) => name)];
    const query = `select ${values.join(', ')} from ${stream} where ${condition}`;
    await runPipeline(
      [
        { command: copyCommand(session.sourceUrl, `copy (${query}) to stdout`), measured: false },
        { command: copyCommand(warehouseUrl, `copy raw.${stream} (${names.join(', ')}) from stdin`), measured: false },
      ],
      { errors: session.errors },
    );
  }
  // What autovacuum does within minutes of a first load: it also summarises the index on _loaded_at, which finds every page before.
  await withClient(warehouseUrl, (client) => client.query(which.kind === 'first' ? 'vacuum (analyze)' : 'analyze'));
}

/** The time after which the newest `share` of all transactions were made. */
export async function newestShare(session: BenchSession, share: number): Promise<string> {
  return withClient(session.sourceUrl, async (client) => {
    const { rows } = await client.query<{ split: string }>(
      'select percentile_disc($1::double precision) within group (order by created_at)::text as split from transactions',
      [1 - share],
    );
    return rows[0]?.split ?? 'infinity';
  });
}

interface Column {
  readonly name: string;
  /** Its type in the warehouse. */
  readonly landed: string;
  /** What gives its value in the e-wallet database. */
  readonly value: string;
}

async function columnsOf(session: BenchSession, stream: Stream): Promise<Column[]> {
  return withClient(session.sourceUrl, async (client) => {
    const { rows } = await client.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
      [stream],
    );
    return rows.map(({ name, type }) => asLanded(name, type));
  });
}

/** A column as the pipeline's type table lands it. */
function asLanded(name: string, type: string): Column {
  const quoted = quoteIdentifier(name);
  if (type.endsWith('[]')) return { name, landed: 'jsonb', value: `to_jsonb(${quoted})` };
  if (type === 'inet') return { name, landed: 'text', value: `host(${quoted})` };
  if (type === 'smallint') return { name, landed: 'integer', value: quoted };
  return { name, landed: type.startsWith('character') ? 'text' : type, value: quoted };
}
