import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { quoteIdentifier } from '@ewallet/postgres';
import { totalsOfTable, withClient, type BenchSession } from '../session/bench-session';
import type { Delay } from '../measure/delay';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { runPipeline } from '../measure/pipeline';
import { ROOT } from '../session/programs';
import { landRows, makeRawTables, newestShare } from '../session/raw-tables';
import type { Trial } from '../measure/trial';

/** A database of its own beside the sink's, as both have a schema `raw`. */
const DATABASE = 'bench_dbt';
const NEW_SHARE = 0.01;
/** A build of everything takes no longer at this size, on two cores that do nothing else. */
const PROMISED = { rows: 1_000_000, seconds: 60 } as const;
const FACT = '(select currency, amount, fee_amount as fee from marts.fct_transactions) as fact';

/**
 * Rows that do not come in order. Of the three days before the split one in 200 was still pending and one in 500 had not been
 * landed; and five older ones, of days all over the history, were pending until somebody looked into them.
 */
const OUT_OF_ORDER = `
  with recent as (select id from raw.transactions where created_at > timestamptz '$split' - interval '3 days'),
  old as (select id from raw.transactions where id % (select count(*) / 5 from raw.transactions) = 7)
  select t.*, t.id % 500 = 0 as is_late from raw.transactions as t
   where t.id in (select id from recent where id % 200 = 1 or id % 500 = 0) or t.id in (select id from old)`;

/**
 * `dbt build` with its data tests, as a schedule runs it, after 1% new rows and some late and changed ones, beside the build of everything from nothing. Rows
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
  await withClient(url.href, async (client) => {
    await client.query(`create table held as ${OUT_OF_ORDER.replace('$split', split)}`);
    await client.query(`
      delete from raw.transactions where id in (select id from held where is_late);
      update raw.transactions set status = 'pending', settled_at = null where id in (select id from held where not is_late)`);
  });
  const limit = await build(session);
  await landRows(session, url.href, { kind: 'later', split });
  await withClient(url.href, async (client) => {
    await client.query(`
      alter table held drop column is_late;
      update held set _loaded_at = (select max(_loaded_at) from raw.transactions);
      delete from raw.transactions where id in (select id from held);
      insert into raw.transactions select * from held`);
  });
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
