import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';
import { CopyWriter } from './copy-writer';
import { deferConstraints } from './deferred-constraints';
import { History } from './history';
import { plantedLine } from './planted';
import { populate } from './population';
import { Progress, type ProgressOutput } from './progress';
import {
  COLUMNS,
  activityLine,
  currencyLines,
  merchantLines,
  transactionLine,
  userLines,
  walletLines,
  type TableName,
} from './rows';
import { DAY, type Micros } from './time';

export interface SeedOptions {
  readonly database: ConnectionConfig;
  /** Transactions. */
  readonly rows: number;
  readonly seed: number;
  readonly days: number;
  /** History ends here. */
  readonly end: Micros;
  /** Drop the e-wallet's tables first, where they exist. */
  readonly recreate: boolean;
  /** Where the record of the fraud-like bursts is written, a line of JSON each. */
  readonly planted: string | undefined;
}

/** Rows loaded, by table. */
export type Loaded = Record<TableName, number>;

const TABLES = Object.keys(COLUMNS) as readonly TableName[];

/**
 * Creates the e-wallet's schema and fills it, all in one transaction: a crash midway leaves the database as it was.
 *
 * @throws Failure where the tables exist already (unless `recreate`), or PostgreSQL fails.
 */
export async function seed(options: SeedOptions, output: ProgressOutput): Promise<Loaded> {
  const client = await connect(options.database, { applicationName: 'ewallet-simulator seed' });
  try {
    await client.query('begin');
    await createSchema(client, options.recreate);
    const restore = await deferConstraints(client, TABLES);
    const loaded = await load(client, options, output);
    await restore();
    for (const table of TABLES) if (table !== 'currencies') await continueIdentity(client, table);
    await client.query('commit');
    await client.query('vacuum (analyze)');
    return loaded;
  } catch (error) {
    throw failureFromPostgres(error, { what: 'Could not fill the e-wallet database' });
  } finally {
    await client.end();
  }
}

async function createSchema(client: Client, recreate: boolean): Promise<void> {
  if (recreate) await client.query(`drop table if exists ${TABLES.join(', ')} cascade`);
  const { rows } = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass(name) is not null',
    [TABLES],
  );
  const [existing] = rows;
  if (existing !== undefined) {
    throw Failure.config(
      `The database has a table "${existing.name}" already. Give an empty database, or --recreate to drop the e-wallet's tables first.`,
    );
  }
  await client.query(await readFile(join(__dirname, '..', '..', 'wallet.sql'), 'utf8'));
}

async function load(client: Client, options: SeedOptions, output: ProgressOutput): Promise<Loaded> {
  const { rows, days, end } = options;
  const population = populate(options.seed, rows, days, end);
  const history = new History(population, rows, days);
  const writer = new CopyWriter(client);
  const progress = new Progress('transactions', rows, output, Date.now);
  const loaded: Loaded = { currencies: 0, users: 0, merchants: 0, wallets: 0, transactions: 0, user_activity: 0 };
  let sinceTurn = 0;
  for (const record of history.records()) {
    const full =
      record.kind === 'transaction'
        ? writer.add('transactions', transactionLine(record))
        : writer.add('user_activity', activityLine(record, loaded.user_activity + 1));
    loaded[record.kind === 'transaction' ? 'transactions' : 'user_activity'] += 1;
    if (full !== undefined) await full;
    // Making rows never waits, so the socket gets its turn by hand.
    if (++sinceTurn === 500) {
      sinceTurn = 0;
      await turn();
      progress.update(loaded.transactions);
    }
  }
  const small: readonly (readonly [TableName, Iterable<string>])[] = [
    ['currencies', currencyLines(end - (days + 400) * DAY)],
    ['merchants', merchantLines(population)],
    ['users', userLines(population, history.ledger)],
    ['wallets', walletLines(population, history.ledger)],
  ];
  for (const [table, lines] of small) {
    for (const line of lines) {
      loaded[table] += 1;
      const full = writer.add(table, line);
      if (full !== undefined) await full;
    }
  }
  await writer.flush();
  if (options.planted !== undefined) {
    await writeFile(options.planted, history.planted.map((burst) => plantedLine(burst, (user) => user + 1)).join(''));
  }
  progress.finish(loaded.transactions);
  return loaded;
}

/** The next row the application inserts must get the next id. */
async function continueIdentity(client: Client, table: TableName): Promise<void> {
  await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
}
