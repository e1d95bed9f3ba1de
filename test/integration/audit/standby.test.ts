import { startStack, type PostgresConnection, type RunningStack } from '@ewallet/local-stack';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { auditConfig, runAudit, type AuditPlace } from '../../support/audit/audit-run';
import { runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

jest.setTimeout(240_000);

/** More than the first range has: a read that ends between two of them is one that is not over. */
const ROWS = 30_000;
const started: RunningStack[] = [];
const clients: Client[] = [];
let dir: string;
let primary: Client;
let standby: Client;
let target: Client;
/** Holds locks in the warehouse: within its transaction it would see pg_stat_activity as it was at first. */
let locker: Client;
let warehouse: FreshDatabase;
let place: AuditPlace;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-audit-standby-'));
  await chmod(dir, 0o711); // PostgreSQL's user, when this runs as root, has to get to its files
  const first = await server('primary');
  await first.service('source').stop();
  await mkdir(path.join(dir, 'standby', 'source'), { recursive: true });
  await promisify(execFile)('cp', ['-a', path.join(first.dir, 'source', 'data'), path.join(dir, 'standby', 'source')]);
  await first.service('source').start();
  const { host, port, username, password } = first.connections.source;
  const second = await server('standby', {
    settings: {
      primary_conninfo: `host=${host} port=${port} user=${username} password=${password}`,
      max_standby_streaming_delay: '0',
    },
    files: { 'standby.signal': '' },
  });
  warehouse = await freshDatabase((await services()).warehouse, 'standby');
  primary = await client(first.connections.source);
  standby = await client(second.connections.source);
  target = await client(warehouse);
  locker = await client(warehouse);
  place = { directory: dir, wallet: second.connections.source, warehouse };
  await primary.query('create table paid (id int primary key, amount numeric(9,2))');
  await target.query('create schema raw; create table raw.paid (id int primary key, amount numeric(9,2))');
  for (const [session, table] of [
    [primary, 'paid'],
    [target, 'raw.paid'],
  ] as const) {
    await session.query(`insert into ${table} select i, i from generate_series(1, ${ROWS}) i`);
  }
});

afterAll(async () => {
  for (const one of clients) await one.end();
  await warehouse.drop();
  for (const stack of started.reverse()) await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

async function server(name: string, source: Parameters<typeof startStack>[0]['source'] = {}): Promise<RunningStack> {
  const stack = await startStack({ dir: path.join(dir, name), only: ['source'], source });
  started.push(stack);
  return stack;
}

async function client(database: PostgresConnection): Promise<Client> {
  const connected = await connectedTo(database);
  clients.push(connected);
  return connected;
}

async function replayed(): Promise<void> {
  const { rows } = await primary.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
  await eventually(async () => {
    const found = await standby.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as done', [rows[0]?.lsn]);
    expect(found.rows).toEqual([{ done: true }]);
  });
}

/** Waits until the audit has a session there that fits the condition on pg_stat_activity, or has none. */
async function audits(session: Client, condition: string, count = 1): Promise<void> {
  await eventually(async () => {
    const { rows } = await session.query(
      `select count(*)::int as n from pg_stat_activity
       where application_name = 'ewallet-audit' and datname = current_database() and ${condition}`,
    );
    expect(rows).toEqual([{ n: count }]);
  });
}

/** What is written in the e-wallet and has landed, while the standby does not replay it yet. */
async function aheadOfStandby(sql: (table: string) => string): Promise<void> {
  await replayed();
  await standby.query('select pg_wal_replay_pause()');
  await primary.query(sql('paid'));
  await target.query(sql('raw.paid'));
}

const untilItWaits = async (): Promise<void> => audits(standby, `query like '%pg_last_wal_replay_lsn() >=%'`);

test('of a standby that is behind, what the warehouse has sooner is no difference, and what is wrong is one', async () => {
  await replayed();
  expect(await runAudit(place, ['--workers', '2'])).toMatchObject({ code: 0, streams: [{ rows: ROWS }] });
  await target.query('update raw.paid set amount = amount + 0.01 where id = 9');
  await aheadOfStandby(
    (table) => `update ${table} set amount = 0 where id = 5; delete from ${table} where id = 7;
      insert into ${table} values (50001, 1), (50002, 2)`,
  );
  const auditing = runAudit(place);
  await untilItWaits();
  await standby.query('select pg_wal_replay_resume()');
  expect(await auditing).toEqual({
    code: 1,
    equal: false,
    notLanded: [],
    streams: [
      {
        stream: 'public.paid',
        rows: ROWS,
        missing: [],
        extra: [],
        different: [{ key: 9, columns: ['amount'] }],
        in_flight: 0,
      },
    ],
    stderr: 'the source is a standby that is behind: waiting until it has replayed what it has received\n',
  });
  await target.query('update raw.paid set amount = amount - 0.01 where id = 9');
});

test('a row that the standby does not show yet is no deletion', async () => {
  await aheadOfStandby((table) => `insert into ${table} values (50003, 1); delete from ${table} where id = 8`);
  await target.query('insert into raw.paid values (8, 8)');
  const file = path.join(dir, 'deletions.json');
  await writeFile(file, JSON.stringify(auditConfig(place)));
  const looking = runCommand('ewallet-audit', ['deletions', '--config', file]);
  await untilItWaits();
  await standby.query('select pg_wal_replay_resume()');
  const { code, stdout } = await looking;
  expect({ code, found: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    found: { stream: 'public.paid', key: ['id'], landed: ROWS + 2, deleted: 1, keys: [['8']] },
  });
  await target.query('delete from raw.paid where id = 8');
});

/** Has the standby end the audit's session: its rows are deleted on the primary while the audit waits for a lock in the warehouse. */
async function conflict(): Promise<void> {
  await audits(target, `wait_event_type = 'Lock'`);
  await audits(standby, `state = 'idle in transaction'`);
  await primary.query('update paid set amount = amount');
  await primary.query('vacuum paid');
  await audits(standby, `state = 'idle in transaction'`, 0);
}

test('a read that the standby cancels is continued in a new snapshot', async () => {
  await replayed();
  await locker.query('begin; lock table raw.paid in access exclusive mode');
  const auditing = runAudit(place);
  await conflict();
  await locker.query('rollback');
  expect(await auditing).toMatchObject({
    code: 0,
    streams: [{ rows: ROWS + 1, missing: [], extra: [], different: [] }],
    stderr:
      'a standby cancelled the read (recovery conflict): continuing from there in a new snapshot. hot_standby_feedback = on, or a larger max_standby_streaming_delay, avoids it\n',
  });
});

test('an unlogged table is refused by name: a standby has no rows of it', async () => {
  await primary.query('create unlogged table sessions (id int primary key)');
  await target.query('create table raw.sessions (id int primary key)');
  await replayed();
  expect(await runAudit(place)).toMatchObject({
    code: 2,
    stderr:
      'ewallet-audit: Stream public.sessions: a standby has no rows of unlogged tables. Audit the primary, or name the other streams in `streams`.\n',
  });
});
