import { appendFile } from 'node:fs/promises';
import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import { ConnectionPool } from './connection-pool';
import { readMarket, type Market } from './market';
import { readPending } from './pending';
import { Progress, type ProgressOutput } from './progress';
import { Random } from './random';
import { MILLISECOND } from './time';
import { TradingFloor, type TradeSummary } from './trading-floor';

/** Those that hold a transaction open, and enough for the rest. */
const CONNECTIONS = 16;

export interface TradeOptions {
  readonly database: ConnectionConfig;
  /** New transactions a second. */
  readonly rate: number;
  readonly seed: number;
  /** Where the bursts of this run are added, a line of JSON each. */
  readonly planted: string | undefined;
}

/**
 * Trades in real time until `stop`: a movement is inserted as pending in one database transaction and ended in a later
 * one. Some transactions stay open for seconds after their rows were stamped, so they commit behind the cursor of
 * whoever reads by time. What is pending at the stop stays so and is ended by the next run.
 *
 * @throws Failure when the database does; everything begun has ended by then.
 */
export async function trade(options: TradeOptions, stop: AbortSignal, output: ProgressOutput): Promise<TradeSummary> {
  const { market, pending } = await readWallet(options);
  // A second run must not repeat the first one's decisions: what it finds is part of its stream.
  const random = new Random(options.seed, (pending[0]?.id ?? 0) + market.walletIds.length);
  const pool = await ConnectionPool.open(options.database, CONNECTIONS, 'ewallet-simulator trade');
  try {
    const floor = new TradingFloor(market, pool, random, stop);
    for (const { id, movement } of pending) floor.settleLater(id, movement, undefined);
    const summary = await floor.run(options.rate, new Progress('trading', undefined, output, Date.now));
    if (options.planted !== undefined) await appendFile(options.planted, floor.planted().join(''));
    return summary;
  } catch (error) {
    throw failureFromPostgres(error, { what: 'Trading stopped' });
  } finally {
    await pool.close();
  }
}

async function readWallet(options: TradeOptions): Promise<{
  market: Market;
  pending: Awaited<ReturnType<typeof readPending>>;
}> {
  const client = await connect(options.database, { applicationName: 'ewallet-simulator trade' });
  try {
    const market = await readMarket(client, options.seed, Date.now() * MILLISECOND);
    return { market, pending: await readPending(client) };
  } catch (error) {
    throw failureFromPostgres(error, {
      what: 'Could not read the e-wallet to trade on',
      atMissing: 'Make one first, in a database of its own: ewallet-simulator seed.',
    });
  } finally {
    await client.end();
  }
}
