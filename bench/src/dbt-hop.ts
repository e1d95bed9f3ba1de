import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { quoteIdentifier } from '@ewallet/postgres';
import { totalsOfTable, withClient, type BenchSession } from './bench-session';
import type { Delay } from './delay';
import type { Measurement } from './measurement';
import { mustEqual } from './money';
import { runPipeline } from './pipeline';
import { ROOT } from './programs';
import { landRows, makeRawTables, newestShare } from './raw-tables';
import type { Trial } from './trial';

/** A database of its own beside the sink's, as both have a schema `raw`. */
const DATABASE = 'bench_dbt';
const NEW_SHARE = 0.01;
/** A build of everything takes no longer at this size, on two cores that do nothing else. */
const PROMISED = { rows: 1_000_000, seconds: 60 } as const;
const FACT = '(select currency, amount, fee_amount as fee from marts.fct_transactions) as fact';

/**
 * `dbt build` with its data tests, as a schedule runs it, after 1% new rows, beside the build of everything from nothing. Rows
 * are all transactions in both, so that the ratio says how many times less an increment costs.
 */
export async function dbtTrial(
  session: BenchSession,
): Promise<{ readonly trials: readonly Trial[]; readonly delays: readonly Delay[] }> {
  const { totals, warehouseUrl } = session;
  await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts', 'dbt.mjs'), '--version']); // installs it
  await withClient(warehouseUrl, async (client) => {
    await client.query(`drop database if exists ${quoteIdentifier(DATABASE)} with (force)`);
    await client.query(`create database ${quoteIdentifier(DATABASE)}`);
  });
  const url = new URL(warehouseUrl);
  url.pathname = DATABASE;
  const split = await newestShare(session, NEW_SHARE);
  await makeRawTables(session, url.href);
  await landRows(session, url.href, { kind: 'first', split });
  const limit = await build(session);
  await landRows(session, url.href, { kind: 'later', split });
  const hop = await build(session);
  mustEqual(await totalsOfTable(url.href, FACT), totals, 'Table marts.fct_transactions after the increment');
  return {
    trials: [{ hop: 'dbt, 1% new rows', limitName: 'dbt, everything', target: 5, measured: { hop, limit } }],
    delays: [
      delay('dbt build of everything', limit, totals.rows === PROMISED.rows ? PROMISED.seconds : undefined),
      delay('dbt build after 1% new rows', hop, undefined),
    ],
  };
}

function delay(name: string, { seconds, peakRss }: Measurement, target: number | undefined): Delay {
  return { name, target, seconds, peakRss };
}

async function build(session: BenchSession): Promise<Measurement> {
  const { host, port, username, password } = session.stack.warehouse;
  const project = path.join(ROOT, 'dbt');
  const usage = await runPipeline(
    [
      {
        command: [
          path.join(ROOT, '.venv', 'bin', 'dbt'),
          ...['build', '--exclude', 'test_type:unit', '--project-dir', project, '--profiles-dir', project],
        ],
        measured: true,
        env: {
          DBT_TARGET_PATH: path.join(session.directory, 'dbt'),
          DBT_LOG_PATH: path.join(session.directory, 'dbt'),
          EWALLET_WAREHOUSE_HOST: host,
          EWALLET_WAREHOUSE_PORT: String(port),
          EWALLET_WAREHOUSE_DATABASE: DATABASE,
          EWALLET_WAREHOUSE_USER: username,
          EWALLET_WAREHOUSE_PASSWORD: password,
        },
      },
    ],
    { output: path.join(session.directory, 'dbt.log'), errors: session.errors },
  );
  return { rows: session.totals.rows, bytes: 0, ...usage };
}
