import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runAudit } from '../../support/audit/audit-run';
import { PipelineCase } from '../../support/audit/pipeline-case';
import { commandPath } from '../../support/command';
import { connectedTo } from '../../support/fresh-database';
import { Dice, seedsOf } from '../../support/sink/schedule';

jest.setTimeout(7_200_000);

const LONG = process.env.EWALLET_LONG === '1';
/** The long form is also run in slices, by EWALLET_AUDITS and EWALLET_SEED. */
const RUNS = Number(process.env.EWALLET_AUDITS ?? (LONG ? 300 : 3));
const WRITERS = LONG ? 10 : 4;
const [seed = 0] = seedsOf(1);

let pipeline: PipelineCase;
let syncs: ChildProcess | undefined;

beforeAll(async () => {
  pipeline = await PipelineCase.open();
  await pipeline.source.query(
    `create table accounts (id int primary key, balance numeric(20,4) not null, note text, updated_at timestamptz default clock_timestamp())`,
  );
  await pipeline.source.query(
    `create table moves (id bigint generated always as identity primary key, account int, amount numeric(20,4), created_at timestamptz default clock_timestamp())`,
  );
  await pipeline.source.query(`insert into accounts select i, i * 10, 'n' || i from generate_series(1, 2000) i`);
  await pipeline.source.query(`insert into moves (account, amount) select i, i from generate_series(1, 2000) i`);
  pipeline.startSink();
  await pipeline.sync();
  await pipeline.landed({ accounts: 'raw.accounts', moves: 'raw.moves' });
  const args = ['run', '--every', '1s', '--config', path.join(pipeline.directory, 'sync.json')];
  syncs = spawn(commandPath('ewallet-sync'), args, { stdio: 'ignore' });
});
afterAll(async () => {
  await endSyncs();
  await pipeline.close();
});

async function endSyncs(): Promise<void> {
  const child = syncs;
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

/** Transfers in transactions that stay open for a while, some of them rolled back; rows above 1900 are left alone. */
async function write(dice: Dice, stop: AbortSignal): Promise<void> {
  const client = await connectedTo(pipeline.wallet);
  try {
    while (!stop.aborted) {
      const [from, to] = [1 + dice.roll(1900), 1 + dice.roll(1900)].sort((one, other) => one - other);
      await client.query('begin');
      await client.query('update accounts set balance = balance - 1, updated_at = clock_timestamp() where id = $1', [
        from,
      ]);
      await client.query('insert into moves (account, amount) values ($1, -1), ($2, 1)', [from, to]);
      if (dice.roll(20) === 0) await sleep(500);
      await client.query('update accounts set balance = balance + 1 where id = $1', [to]);
      await client.query(dice.roll(10) === 0 ? 'rollback' : 'commit');
      await sleep(20 + dice.roll(60));
    }
  } finally {
    await client.end();
  }
}

test(`while writers write and syncs run, an undamaged pipeline shows nothing and a damaged row shows (seed ${seed})`, async () => {
  const stop = new AbortController();
  const writers = Array.from({ length: WRITERS }, async (_, index) => write(new Dice(seed + index), stop.signal));
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const result = await runAudit(pipeline, ['--show-values'], {
        settle_seconds: 60,
        sync: { config_file: 'sync.json' },
      });
      expect({
        code: result.code,
        stderr: result.code === 0 ? '' : result.stderr,
        streams: result.streams,
      }).toMatchObject({
        code: 0,
        stderr: '',
        streams: [
          { missing: [], extra: [], different: [] },
          { missing: [], extra: [], different: [] },
        ],
      });
    }
    await pipeline.target.query('update raw.accounts set balance = balance + 0.0001 where id = 1950');
    await pipeline.target.query('delete from raw.moves where id = 1000');
    const damaged = await runAudit(pipeline, [], { settle_seconds: 60, sync: { config_file: 'sync.json' } });
    expect(damaged).toMatchObject({
      code: 1,
      streams: [
        { stream: 'public.accounts', missing: [], extra: [], different: [{ key: 1950, columns: ['balance'] }] },
        { stream: 'public.moves', missing: [1000], extra: [], different: [] },
      ],
    });
  } finally {
    stop.abort();
    await Promise.all(writers);
  }
});

test('with writers and syncs stopped it is strict: what was not synced is missing', async () => {
  await endSyncs();
  await pipeline.sync();
  await pipeline.landed({ accounts: 'raw.accounts' });
  await pipeline.source.query(`insert into accounts values (3000, 1)`);
  await pipeline.source.query(`update accounts set balance = 7 where id = 1999`);
  const run = await runAudit(pipeline, ['--stream', 'accounts'], { settle_seconds: 3 });
  expect(run).toMatchObject({
    code: 1,
    streams: [
      {
        missing: [3000],
        different: [
          { key: 1950, columns: ['balance'] },
          { key: 1999, columns: ['balance'] },
        ],
        in_flight: 0,
      },
    ],
  });
});
