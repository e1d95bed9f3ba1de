import type { Client, QueryResult } from 'pg';
import { setAndShow, verifyShown, type SessionSettings } from './session-settings';

export interface TransactionOptions {
  /** After BEGIN: `isolation level repeatable read read only`. */
  readonly mode: string;
  /** What must hold in it. They end with the transaction, so that a pooler's other clients never meet them. */
  readonly settings: SessionSettings;
}

/**
 * Begins a transaction, sets its settings and reads them back, in one round trip. None of these statements takes a
 * snapshot, so a lock that follows is still held before the rows are looked at.
 *
 * @throws Failure where a setting does not hold
 */
export async function beginTransaction(client: Client, { mode, settings }: TransactionOptions): Promise<void> {
  const sql = [
    `begin ${mode}`,
    // Decides how many digits a stored money has: the role's and database's own, not what a pooler's other client set.
    'set local lc_monetary to default',
    ...setAndShow(settings, 'local'),
  ].join('; ');
  // Several statements in one text give a list of results, which the driver's types do not say.
  const results = (await client.query(sql)) as unknown as readonly QueryResult[];
  verifyShown(settings, results);
}

/** Runs `work` in a transaction of its own: committed after it, rolled back when it throws. */
export async function inTransaction<Result>(
  client: Client,
  options: TransactionOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    await beginTransaction(client, options);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // The first cause is what matters; a connection that broke cannot roll back, and has done so.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
