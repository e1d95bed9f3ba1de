import type { Client, CustomTypesConfig, QueryResult } from 'pg';
import {
  connect,
  exactSettings,
  failureFromPostgres,
  quoteLiteral,
  type ConnectionConfig,
  type SessionSettings,
} from '@ewallet/postgres';
import { isRecoveryConflict, MOST_CANCELLED } from './recovery-conflict';

/** Which database. The words that people read. */
export type SideName = 'source' | 'warehouse';

/** Those under which a value has one text, the same as the source's; then what a long comparison needs. */
const SETTINGS: SessionSettings = {
  ...exactSettings,
  default_transaction_read_only: 'on',
  statement_timeout: '0',
  lock_timeout: '1min',
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
  private isInTransaction = false;

  private constructor(
    readonly side: SideName,
    readonly client: Client,
    private readonly config: ConnectionConfig,
  ) {}

  static async open(side: SideName, config: ConnectionConfig): Promise<Session> {
    const options = { applicationName: 'ewallet-audit', settings: SETTINGS, oneServer: true } as const;
    return new Session(side, await connect(config, options), config);
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result: QueryResult<TextRow> = await this.client.query({ text, values: [...values], types: asText });
        return result.rows;
      } catch (error) {
        // Outside a transaction a statement that a standby cancelled can be put again; within, the moment is lost with it.
        const mayRepeat = !this.isInTransaction && attempt < MOST_CANCELLED;
        if (mayRepeat && isRecoveryConflict(error)) continue;
        throw failureFromPostgres(error, {
          what: `The audit could not read the ${this.side}`,
          role: this.config.username,
        });
      }
    }
  }

  /** Begins a read-only transaction that sees one moment: a new one, or that of another session's snapshot. */
  async begin(snapshot?: string): Promise<void> {
    this.isInTransaction = true;
    await this.query('begin transaction isolation level repeatable read read only');
    if (snapshot !== undefined) await this.query(`set transaction snapshot ${quoteLiteral(snapshot)}`);
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
