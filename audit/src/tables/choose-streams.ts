import { streamName } from '@ewallet/postgres';
import { tableName, topicName } from '@ewallet/avro';
import { Failure, nearestName } from '@ewallet/failure';
import type { StreamChoice } from '../config/stream-choice';
import type { LandedTable } from './landed-table';
import type { SourceTable } from './source-table';

/** A table of the source and the table of the warehouse that it lands in. */
export interface ChosenStream {
  readonly table: SourceTable;
  readonly choice: StreamChoice;
  readonly landing: { readonly schema: string; readonly table: string };
  /** Whether somebody named it: then it has to be there. */
  readonly isNamed: boolean;
}

export interface Naming {
  readonly tableNameFormat: string;
  readonly topicPattern: string;
}

/**
 * The streams to audit: those asked for on the command line, else those of the configuration, else all.
 *
 * @throws Failure naming a stream that the source does not have
 */
export function chooseStreams(
  tables: readonly SourceTable[],
  configured: readonly StreamChoice[] | undefined,
  asked: readonly string[],
  naming: Naming,
): readonly ChosenStream[] {
  const all = (configured ?? tables.map((table) => ({ name: streamName(table) }))).map((choice) => ({
    choice,
    table: findTable(tables, choice.name),
  }));
  const wanted =
    asked.length === 0
      ? all
      : asked.map((name) => {
          const table = findTable(tables, name);
          return all.find((stream) => stream.table === table) ?? { table, choice: { name } };
        });
  return wanted.map(({ table, choice }) => ({
    table,
    choice,
    landing: landingOf(table, choice, naming),
    isNamed: configured !== undefined || asked.length > 0,
  }));
}

/** @throws Failure where a stream that was named has no table in the warehouse */
export function landedTableOf(stream: ChosenStream, landed: ReadonlyMap<string, LandedTable>): LandedTable | undefined {
  const { schema, table } = stream.landing;
  const found = landed.get(`${schema}.${table}`);
  if (found !== undefined || !stream.isNamed) return found;
  throw Failure.config(
    `Stream ${streamName(stream.table)}: the warehouse has no table ${schema}.${table} that the role may read. Sync the stream, grant SELECT and USAGE on it, or give \`warehouse.table.name.format\` as the sink has it.`,
  );
}

function landingOf(
  table: SourceTable,
  choice: StreamChoice,
  naming: Naming,
): { readonly schema: string; readonly table: string } {
  if (choice.table !== undefined) return { schema: choice.table[0], table: choice.table[1] };
  const topic = topicName(naming.topicPattern, { name: table.name, namespace: table.schema });
  return tableName(naming.tableNameFormat, { topic, stream: table.name, namespace: table.schema });
}

function findTable(tables: readonly SourceTable[], name: string): SourceTable {
  const exact = tables.find((table) => streamName(table) === name);
  if (exact !== undefined) return exact;
  const [only, another] = tables.filter((table) => table.name === name);
  if (only === undefined) {
    const nearest = nearestName(name, tables.map(streamName));
    throw Failure.config(
      `The source has no table ${JSON.stringify(name)} in \`source.schemas\` that the role may read${nearest === '' ? '' : `; did you mean ${nearest}?`}`,
    );
  }
  if (another !== undefined) {
    throw Failure.config(`Stream ${name} is in two schemas: write ${streamName(only)} or ${streamName(another)}.`);
  }
  return only;
}
