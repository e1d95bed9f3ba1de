import type { Client, CustomTypesConfig, QueryResult } from 'pg';
import { Failure } from '@ewallet/failure';
import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';

/** Which database. The words that people read. */
export type SideName = 'source' | 'warehouse';

/**
 * The settings under which a value has one text, the same as the source's. They are read back: a pooler may drop them,
 * and a wrong time zone would make every row look different.
 */
const TEXT_FORMS: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmloption: 'content',
  // A policy that would hide rows makes the statement fail instead of hiding them.
  row_security: 'off',
};
const OTHER_SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'on',
  statement_timeout: '0',
  lock_timeout: '60s',
  idle_in_transaction_session_timeout: '0',
  // The number of workers is the user's choice, not the planner's; and compiling costs more than a range does.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

/** Values as PostgreSQL's own text: a number parsed by JavaScript could lose digits. */
const asText: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value };

export type TextRow = Readonly<Record<string, string | null>>;

/** A read-only connection to one of the two databases, on which every value comes as PostgreSQL's own text. */
export class Session {
  private constructor(
    readonly side: SideName,
    readonly client: Client,
    private readonly config: ConnectionConfig,
  ) {}

  static async open(side: SideName, config: ConnectionConfig): Promise<Session> {
    const client = await connect(config, {
      applicationName: 'ewallet-audit',
      settings: { ...TEXT_FORMS, ...OTHER_SETTINGS },
    });
    const session = new Session(side, client, config);
    try {
      await session.verifySettings();
      return session;
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> {
    try {
      const result: QueryResult<TextRow> = await this.client.query({ text, values: [...values], types: asText });
      return result.rows;
    } catch (error) {
      throw failureFromPostgres(error, {
        what: `The audit could not read the ${this.side}`,
        role: this.config.username,
      });
    }
  }

  /** Begins a read-only transaction that sees one moment: a new one, or that of another session's snapshot. */
  async begin(snapshot?: string): Promise<void> {
    await this.query('begin transaction isolation level repeatable read read only');
    if (snapshot !== undefined) await this.query(`set transaction snapshot '${snapshot.replaceAll("'", "''")}'`);
  }

  async rollback(): Promise<void> {
    await this.query('rollback');
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  private async verifySettings(): Promise<void> {
    for (const [name, wanted] of Object.entries(TEXT_FORMS)) {
      await this.query('select set_config($1, $2, false)', [name, wanted]);
      const [row] = await this.query('select current_setting($1) as value', [name]);
      if (row?.value?.toLowerCase() !== wanted.toLowerCase()) {
        throw Failure.config(
          `The ${this.side} does not take the setting ${name} = ${wanted} for this session. Connect to PostgreSQL itself, not through a pooler in transaction mode.`,
        );
      }
    }
  }
}
