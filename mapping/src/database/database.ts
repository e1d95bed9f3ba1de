import { Failure } from '@ewallet/failure';
import { connect, exactSettings, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';

export type Row = Readonly<Record<string, string | null>>;

/** A database that is only read. Every value comes as PostgreSQL's own text, so that no digit is lost. */
export class Database {
  private constructor(private readonly client: Client) {}

  /** The caller closes it. `schema` is what unqualified names in a mapping's expressions mean. */
  static async open(config: ConnectionConfig, schema: string): Promise<Database> {
    const client = await connect(config, {
      applicationName: 'ewallet-mapping',
      settings: {
        ...exactSettings,
        search_path: [schema, 'pg_catalog'],
        default_transaction_read_only: 'on',
      },
    });
    return new Database(client);
  }

  /** @throws Failure that says what the statement was for, with the server's words as they name columns and types */
  async rows(what: string, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      const { rows } = await this.client.query<Row>({
        text: sql,
        values: [...values],
        types: { getTypeParser: asText },
      });
      return rows;
    } catch (error) {
      throw failureFromPostgres(error, { what });
    }
  }

  async row(what: string, sql: string, values: readonly unknown[] = []): Promise<Row> {
    const [first] = await this.rows(what, sql, values);
    if (first === undefined) throw Failure.system(`${what}: the server answered with no row.`);
    return first;
  }

  /** The server's complaint about a query, or undefined where it runs; it is planned and run for no row. */
  async complaint(sql: string): Promise<string | undefined> {
    try {
      await this.client.query(`select from (${sql}) as tried limit 0`);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

const asText = () => (value: unknown) => value;
