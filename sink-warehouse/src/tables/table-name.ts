import type { TableName } from '@ewallet/avro';
import { quoteQualified } from '@ewallet/postgres';

export { tableName, type TableName } from '@ewallet/avro';

export function quotedTable(name: TableName): string {
  return quoteQualified(name.schema, name.table);
}

export function shownTable(name: TableName): string {
  return `${name.schema}.${name.table}`;
}

/**
 * The stream of a topic. Our destination writes it into a header of each record, and into the schema where Avro would
 * not take the name; of a foreign topic it is what comes after the last dot, as topics are usually named
 * `server.schema.table`.
 */
export function streamOf(topic: string, headerStream: string | undefined, schemaStream: string | undefined): string {
  return headerStream ?? schemaStream ?? topic.slice(topic.lastIndexOf('.') + 1);
}
