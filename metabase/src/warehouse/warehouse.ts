import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';
import type { ColumnType } from '../content/column-type';
import type { BoundQuery } from './bind';

/** The answer to a query, every value as PostgreSQL writes it. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A read-only session of the warehouse; what is asked while it answers waits its turn. */
export class Warehouse {
  private busy: Promise<unknown> = Promise.resolve();

  private constructor(private readonly client: Client) {}

  /** @param timeZone whose hours timestamps are told in, and whose day `current_date` is; as the server writes it. */
  static async open(config: ConnectionConfig, timeZone = 'UTC'): Promise<Warehouse> {
    const client = await connect(config, {
      applicationName: 'ewallet-dashboards',
      statementTimeout: 60_000,
      settings: { TimeZone: timeZone, default_transaction_read_only: 'on', DateStyle: 'ISO, YMD' },
    });
    return new Warehouse(client);
  }

  /** @throws Failure that names what was asked, with the server's SQLSTATE. */
  async ask(query: BoundQuery, what: string): Promise<Rows> {
    const turn = this.busy.then(() => this.run(query, what));
    this.busy = turn.catch(() => undefined); // the one that asked is told; the next one has its turn all the same
    return turn;
  }

  private async run(query: BoundQuery, what: string): Promise<Rows> {
    try {
      const result = await this.client.query<(string | null)[]>({
        text: query.text,
        values: [...query.values],
        rowMode: 'array',
        types: { getTypeParser: () => (value: unknown) => value },
      });
      return {
        columns: result.fields.map((field) => ({ name: field.name, type: typeOf(field.dataTypeID) })),
        rows: result.rows,
      };
    } catch (error) {
      throw failureFromPostgres(error, { what });
    }
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

const types = new Map<number, ColumnType>([
  ...[20, 21, 23, 700, 701, 1700].map((oid): [number, ColumnType] => [oid, 'number']),
  ...[1082, 1114, 1184].map((oid): [number, ColumnType] => [oid, 'time']),
  [16, 'boolean'],
]);

function typeOf(oid: number): ColumnType {
  return types.get(oid) ?? 'text';
}
