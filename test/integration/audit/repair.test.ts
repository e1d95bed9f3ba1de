import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditConfig, runAudit } from '../../support/audit/audit-run';
import { PipelineCase } from '../../support/audit/pipeline-case';
import { commandPath, runCommand, type CommandResult } from '../../support/command';
import { eventually } from '../../support/eventually';

jest.setTimeout(180_000);

let flow: PipelineCase;
beforeAll(async () => {
  flow = await PipelineCase.open();
  await flow.source.query(`
    create table orders (id bigint primary key, amount numeric(12,2), memo text, updated_at timestamptz default now());
    insert into orders select 9007199254740990 + i, i / 4.0, 'order ' || i from generate_series(1, 1000) i;
    create table pairs (wallet uuid, currency text, balance numeric(12,2), primary key (wallet, currency));
    insert into pairs select md5((i / 3)::text)::uuid, chr(65 + i % 3), i from generate_series(1, 900) i;
    create table logs (at timestamptz, line text); insert into logs values (now(), 'one'), (now(), 'two')`);
  flow.startSink();
  await flow.sync();
  await flow.landed({ orders: 'raw.orders', pairs: 'raw.pairs', logs: 'raw.logs' });
});
afterAll(async () => flow.close());

const keyed = ['--stream', 'orders', '--stream', 'pairs'];

async function repair(args: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<CommandResult> {
  const file = path.join(flow.directory, 'repair.json');
  const sync = { command: commandPath('ewallet-sync'), config_file: 'sync.json' };
  await writeFile(file, JSON.stringify(auditConfig(flow, { settle_seconds: 0, sync, ...more })));
  return runCommand('ewallet-audit', ['repair', '--config', file, ...args]);
}

/** What the warehouse has of the two tables, with where each row came from. */
async function landedRows(): Promise<unknown> {
  const { rows } = await flow.target.query(
    `select o::text as row from raw.orders o union all select p::text from raw.pairs p order by 1`,
  );
  return rows;
}

/** Wrong values, missing rows, and rows that the e-wallet has not: planted where no part of the pipeline sees it. */
async function plantDamage(): Promise<void> {
  await flow.target.query(`
    update raw.orders set amount = amount + 0.01 where id = 9007199254740993;
    update raw.orders set memo = null where id = 9007199254740994;
    delete from raw.orders where id = 9007199254740995;
    insert into raw.orders select (jsonb_populate_record(o, '{"id": 77}')).* from raw.orders o where id = 9007199254740996;
    update raw.pairs set balance = 0 where wallet = md5('5')::uuid and currency = 'A';
    insert into raw.pairs select (jsonb_populate_record(p, '{"currency": "it''s"}')).* from raw.pairs p
      where wallet = md5('6')::uuid and currency = 'B'`);
}

const planned = [
  {
    stream: 'public.orders',
    send: [['9007199254740995'], ['9007199254740993'], ['9007199254740994']],
    delete: [['77']],
  },
  {
    stream: 'public.pairs',
    send: [['e4da3b7f-bbce-2345-d777-2b0674a318d5', 'A']],
    delete: [['1679091c-5a88-0faf-6fb5-e6087eb1b2dc', "it's"]],
  },
];

/** The plan's keys as texts, whatever digits JSON.parse would lose. */
function streamsOf({ stdout }: CommandResult): unknown {
  const { streams } = JSON.parse(stdout.replace(/([[ ])(\d{2,})(?=[\],])/g, '$1"$2"')) as {
    streams: { stream: string; send: (string | string[])[]; delete: (string | string[])[] }[];
  };
  const texts = (keys: (string | string[])[]): string[][] => keys.map((key) => (Array.isArray(key) ? key : [key]));
  return streams.map(({ stream, send, delete: gone }) => ({ stream, send: texts(send), delete: texts(gone) }));
}

test('a plan names what would be sent, and writes nothing', async () => {
  await plantDamage();
  const before = await landedRows();
  const audits = await flow.target.query('select count(*) from sink.audits');
  const plan = await repair(keyed);
  expect({ code: plan.code, stderr: plan.stderr }).toEqual({ code: 1, stderr: '' });
  expect(plan.stdout).toBe(`public.orders: 3 rows to send again, 1 row to delete, 0.4 % of the table
  send 9007199254740995
  send 9007199254740993
  send 9007199254740994
  delete 77
public.pairs: 1 row to send again, 1 row to delete, 0.22 % of the table
  send ["e4da3b7f-bbce-2345-d777-2b0674a318d5", "A"]
  delete ["1679091c-5a88-0faf-6fb5-e6087eb1b2dc", "it's"]
A plan only: nothing was sent. --apply sends them.
`);
  expect(streamsOf(await repair([...keyed, '--json']))).toEqual(planned);
  expect(await landedRows()).toEqual(before);
  expect((await flow.target.query('select count(*) from sink.audits')).rows).toEqual(audits.rows);
});

test('more than --max-share of a table is refused, whatever --apply says', async () => {
  const before = await landedRows();
  const refused = await repair([...keyed, '--apply', '--max-share', '0.3 %']);
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(
    'More than --max-share 0.3 % differs, so nothing is repaired. public.orders: 3 rows to send and 1 to delete, 0.4 % of the table.',
  );
  expect(await landedRows()).toEqual(before);
});

test('an applied repair of a report heals the warehouse through Kafka, and the next sync brings nothing more', async () => {
  const damaged = await runAudit(flow, keyed);
  expect(
    damaged.streams.map(({ missing, extra, different }) => [missing, extra, different].map((l) => l.length)),
  ).toEqual([
    [1, 1, 2],
    [0, 1, 1],
  ]);
  // As a person keeps it: the text, with all digits.
  const file = path.join(flow.directory, 'audit.json');
  const report = path.join(flow.directory, 'report.json');
  const run = await runCommand('ewallet-audit', ['run', '--config', file, '--json', ...keyed]);
  await writeFile(report, run.stdout);
  // Of what was extra one row is there by now, of what was different one is gone: the source decides.
  await flow.source.query(
    `insert into orders values (77, 7.70, 'late'); delete from orders where id = 9007199254740994`,
  );
  const applied = await repair(['--apply', '--report', report]);
  expect(applied.code).toBe(0);
  expect(applied.stdout).toMatch(
    /\nSent: 6 rows\. The sink lands them like any others; `ewallet-audit run` proves it\.\n$/,
  );
  await eventually(async () => {
    expect(await runAudit(flow, keyed)).toMatchObject({ code: 0, equal: true });
  });
  await flow.sync();
  await eventually(async () => {
    expect(await runAudit(flow, keyed)).toMatchObject({ code: 0, equal: true });
  });
  const nothing = await repair(keyed);
  expect({ code: nothing.code, stdout: nothing.stdout }).toEqual({ code: 0, stdout: 'Nothing to repair.\n' });
});

test('rows without a key are not repaired, and it says what brings them back', async () => {
  await flow.target.query(`delete from raw.logs where line = 'one'`);
  const plan = await repair(['--apply', '--stream', 'logs', '--max-share', '1']);
  expect({ code: plan.code, stdout: plan.stdout }).toEqual({
    code: 1,
    stdout: `public.logs: its rows have no key to be sent again by. Read it from the start: ewallet-sync run --refresh public.logs
Nothing can be sent.
`,
  });
});

test('--apply without the configuration of ewallet-sync is refused before anything is compared', async () => {
  const refused = await repair(['--apply'], { sync: undefined });
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({
    code: 2,
    stderr:
      'ewallet-audit: The configuration has no `sync`: {"config_file": "sync.json"} names the configuration of ewallet-sync, which sends the rows.\n',
  });
});
