import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import type { Measurement } from '../measure/measurement';
import { withClient, type BenchSession } from '../session/bench-session';
import { runPipeline } from '../measure/pipeline';
import { programPath } from '../session/programs';
import { landRows, makeRawTables } from '../session/raw-tables';
import type { Trial } from '../measure/trial';

/** What any comparison inside the databases costs at least: each row made into text and hashed once. */
const hashSql = (table: string): string =>
  `select count(*) as rows, sum(hashtextextended(t::text, 0)) as hash from ${table} t`;

/** Lands what the e-wallet has, untimed, as the sink does. */
async function landForAudit(session: BenchSession): Promise<void> {
  await makeRawTables(session, session.warehouseUrl);
  await landRows(session, session.warehouseUrl, { kind: 'first', split: 'infinity' });
  await withClient(session.sourceUrl, (client) => client.query('vacuum (analyze) transactions'));
}

/**
 * Equal tables compared row by row, beside the hash of every row on both sides at once; and beside reladiff, the maintained
 * successor of data-diff, where RELADIFF_BIN names its program.
 */
export async function auditTrial(session: BenchSession): Promise<Trial[]> {
  const { totals, errors, directory, stack } = session;
  await landForAudit(session);
  const { host, port, database, username, password } = stack.source;
  const config = path.join(directory, 'audit.json');
  await writeFile(
    config,
    JSON.stringify({
      source: { host, port, database, username, password, ssl_mode: { mode: 'disable' } },
      warehouse: { 'connection.url': session.warehouseUrl },
      streams: ['public.transactions'],
    }),
  );
  // Exit 0 says that every row was compared and equal; anything else fails here.
  const command = [programPath('ewallet-audit'), 'run', '--config', config] as const;
  const hop = await runPipeline([{ command: [...command], measured: true }], {
    errors,
    output: path.join(directory, 'audit.txt'),
  });
  const started = process.hrtime.bigint();
  await Promise.all([
    hashAll(session.sourceUrl, 'public.transactions'),
    hashAll(session.warehouseUrl, 'raw.transactions'),
  ]);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const measured = { rows: totals.rows, bytes: 0, ...hop };
  const trials: Trial[] = [
    {
      hop: 'audit',
      limitName: 'hash of each row as text, both sides',
      target: 0.5,
      measured: { hop: measured, limit: { rows: totals.rows, bytes: 0, seconds, peakRss: 0, cpuSeconds: 0 } },
    },
  ];
  const reladiff = process.env.RELADIFF_BIN;
  if (reladiff !== undefined) {
    trials.push({
      hop: 'audit beside reladiff',
      limitName: 'reladiff, every column of the same table',
      target: undefined,
      measured: { hop: measured, limit: await runReladiff(session, reladiff) },
    });
  }
  return trials;
}

/** @throws Failure where it finds a difference: then one of the two programs is wrong. */
async function runReladiff(session: BenchSession, program: string): Promise<Measurement> {
  const columns = await withClient(session.sourceUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select attname as name from pg_attribute
       where attrelid = 'public.transactions'::regclass and attnum > 0 and not attisdropped and attname <> 'id'`,
    );
    return rows.flatMap(({ name }) => ['-c', name]);
  });
  const sides = [session.sourceUrl, 'public.transactions', session.warehouseUrl, 'raw.transactions'];
  const output = path.join(session.directory, 'reladiff.txt');
  const usage = await runPipeline(
    [{ command: [program, ...sides, '-k', 'id', ...columns, '--algorithm', 'hashdiff'], measured: true }],
    { errors: session.errors, output },
  );
  if ((await readFile(output, 'utf8')) !== '') {
    throw Failure.system(`reladiff finds differences where the audit finds none: they are in ${output}.`);
  }
  return { rows: session.totals.rows, bytes: 0, ...usage };
}

async function hashAll(url: string, table: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('set max_parallel_workers_per_gather = 0');
    await client.query(hashSql(table));
  });
}
