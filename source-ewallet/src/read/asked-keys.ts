import type { Client } from 'pg';
import type { AskedKeys } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { quoteIdentifier, quoteLiteral, quoteQualified, streamName } from '@ewallet/postgres';
import { copyOut } from '../copy/copy-out';
import { recordEncoder, type RecordEncoder } from '../copy/record-encoder';
import type { Column, Table } from '../tables/table';
import { selectList } from './select-list';

/** Keys in one statement: few enough for its text, enough that a round trip each costs nothing. */
const KEYS_PER_STATEMENT = 10_000;

/** Members of a record that says only that its row is gone: as JSON, with a comma before each. */
export function goneMembers(at: Date): Uint8Array {
  return Buffer.from(`,"_ab_cdc_deleted_at":${JSON.stringify(at.toISOString())}`);
}

interface KeysToRead {
  readonly stream: { readonly name: string; readonly namespace?: string };
  readonly asked: AskedKeys;
  readonly now: () => number;
}

/** Reads rows of one table by keys that somebody names, in the caller's transaction. */
export class KeyReader {
  private constructor(
    private readonly client: Client,
    private readonly table: Table,
    /** The key's columns, in its order. */
    private readonly key: readonly (Column & { readonly castTo: string })[],
    private readonly wish: KeysToRead,
  ) {}

  /** @throws Failure where the key names a column that the table does not have */
  static async open(client: Client, table: Table, wish: KeysToRead): Promise<KeyReader> {
    const { rows } = await client.query<{ name: string; castTo: string }>(
      `select attname as name, format_type(atttypid, -1) as "castTo" from pg_attribute
       where attrelid = $1 and attnum > 0 and not attisdropped`,
      [table.oid],
    );
    const key = wish.asked.columns.map((name) => {
      const column = table.columns.find((one) => one.name === name);
      const castTo = rows.find((row) => row.name === name)?.castTo;
      if (column !== undefined && castTo !== undefined) return { ...column, castTo };
      throw Failure.config(
        `Stream ${streamName(table)} is asked for by column ${JSON.stringify(name)}, which is not there.`,
      );
    });
    return new KeyReader(client, table, key, wish);
  }

  /** RECORD lines of the rows that are there. @returns how many */
  async *rows(columns: readonly Column[], more?: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const names = this.key.map(({ name }) => quoteIdentifier(name));
    const wanted = names.map((name) => `wanted.${name}`);
    return yield* this.statements(recordEncoder(this.wish.stream, columns), more, (from) => {
      const keys = `(select ${wanted.join(', ')} from ${from})`;
      return `select ${selectList(columns)} from ${this.from} where (${names.join(', ')}) in ${keys}`;
    });
  }

  /** RECORD lines, of the key alone, of the rows that are not there. @returns how many */
  async *gone(more: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const isSame = this.key.map(({ name }) => `present.${quoteIdentifier(name)} = wanted.${quoteIdentifier(name)}`);
    return yield* this.statements(recordEncoder(this.wish.stream, this.key), more, (from) => {
      const present = `select from ${this.from} present where ${isSame.join(' and ')}`;
      return `select ${selectList(this.key)} from ${from} where not exists (${present})`;
    });
  }

  private get from(): string {
    return quoteQualified(this.table.schema, this.table.name);
  }

  private async *statements(
    encoder: RecordEncoder,
    more: Uint8Array | undefined,
    select: (wanted: string) => string,
  ): AsyncGenerator<Uint8Array, number> {
    if (more !== undefined) encoder.more = more;
    let count = 0;
    for (let at = 0; at < this.wish.asked.values.length; at += KEYS_PER_STATEMENT) {
      const wanted = this.wanted(this.wish.asked.values.slice(at, at + KEYS_PER_STATEMENT));
      count += yield* copyOut(this.client, `copy (${select(wanted)}) to stdout`, encoder, this.wish.now);
    }
    return count;
  }

  /** The keys as a table, each text cast to its column's type by PostgreSQL itself. */
  private wanted(values: readonly (readonly string[])[]): string {
    const objects = values.map((value) => Object.fromEntries(this.key.map((_, index) => [`k${index}`, value[index]])));
    const columns = this.key.map(({ name, castTo }, index) => `k${index}::${castTo} as ${quoteIdentifier(name)}`);
    const texts = this.key.map((_, index) => `k${index} text`);
    const list = `pg_catalog.json_to_recordset(${quoteLiteral(JSON.stringify(objects))}) as k(${texts.join(', ')})`;
    return `(select ${columns.join(', ')} from ${list}) wanted`;
  }
}
