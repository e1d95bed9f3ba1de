import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditConfig, runAudit } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';
import { runCommand } from '../../support/command';
import { connectedTo } from '../../support/fresh-database';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(300_000);

let tables: PlantedTables;
beforeAll(async () => {
  tables = await PlantedTables.open();
});
afterAll(async () => tables.close());

const equal = { missing: [], extra: [], different: [], in_flight: 0 };

test('rows of a table without a key are compared as a multiset, by their hashes', async () => {
  await tables.plant('visits', 'page text, seconds int', `select 'p' || i % 10, i % 3 from generate_series(1, 5000) i`);
  expect(await runAudit(tables, ['--stream', 'visits'])).toMatchObject({
    code: 0,
    streams: [{ ...equal, rows: 5000 }],
  });
  await tables.target.query(
    `delete from raw.visits where ctid = (select min(ctid) from raw.visits where page = 'p3' and seconds = 1)`,
  );
  await tables.target.query(`insert into raw.visits values ('p4', 2), ('p4', 2), ('p4', null)`);
  const { code, streams } = await runAudit(tables, ['--stream', 'visits']);
  const shown = expect.stringMatching(/^hash -?\d+$/) as string;
  expect({ code, streams }).toMatchObject({
    code: 1,
    streams: [{ missing: [shown], extra: [shown, shown, shown], different: [] }],
  });
  expect(new Set(streams[0]?.extra).size).toBe(2);
});

test('a row that the pipeline marked as deleted is not there; one that it did not mark is extra', async () => {
  const landed = 'id int primary key, v text, _ab_cdc_deleted_at text';
  await tables.source.query('create table gone (id int primary key, v text)');
  await tables.source.query(`insert into gone values (1, 'a'), (2, 'b')`);
  await tables.target.query(`create table raw.gone (${landed})`);
  await tables.target.query(
    `insert into raw.gone values (1, 'a', null), (2, 'old', '2026-01-01T00:00:00Z'), (3, 'c', '2026-01-01T00:00:00Z'), (4, 'd', null)`,
  );
  expect(await runAudit(tables, ['--stream', 'gone'])).toMatchObject({
    code: 1,
    streams: [{ rows: 2, missing: [2], extra: [4], different: [] }],
  });
});

test('columns are found under the names that Avro allows, or those that the configuration gives', async () => {
  await tables.source.query('create table names (id int primary key, "naïve name" text, old text)');
  await tables.source.query(`insert into names values (1, 'a', 'b')`);
  await tables.target.query('create table raw.names (id int, naive_name text, renewed text)');
  await tables.target.query(`insert into raw.names values (1, 'a', 'b')`);
  expect(await runAudit(tables, ['--stream', 'names'])).toMatchObject({
    code: 0,
    streams: [{ ...equal, not_compared: ['old'] }],
  });
  const streams = [{ name: 'names', renamed: { old: 'renewed' } }];
  const run = await runAudit(tables, [], { streams });
  expect(run).toMatchObject({ code: 0, streams: [equal] });
  expect(run.streams[0]).not.toHaveProperty('not_compared');
  await tables.target.query(`update raw.names set renewed = ''`);
  expect(await runAudit(tables, [], { streams })).toMatchObject({
    code: 1,
    streams: [{ different: [{ key: 1, columns: ['old'] }] }],
  });
});

test('columns left out by selection are listed, and required once the configuration names them', async () => {
  await tables.source.query('create table people (id int primary key, country text, phone text)');
  await tables.source.query(`insert into people values (1, 'PH', '09')`);
  await tables.target.query('create table raw.people (id int primary key, country text)');
  await tables.target.query(`insert into raw.people values (1, 'PH')`);
  expect(await runAudit(tables, ['--stream', 'people'])).toMatchObject({
    code: 0,
    streams: [{ ...equal, not_compared: ['phone'] }],
  });
  const run = await runAudit(tables, [], { streams: [{ name: 'people', columns: ['id', 'phone'] }] });
  expect({ code: run.code, stderr: run.stderr }).toEqual({
    code: 2,
    stderr:
      'ewallet-audit: Stream public.people: table raw.people has no column "phone". Sync the stream again, or leave the column out of `columns`.\n',
  });
});

test('the table is found by table.name.format, with the topic that topic_pattern makes', async () => {
  await tables.source.query('create table fees (id int primary key)');
  await tables.source.query('insert into fees values (1), (2)');
  await tables.target.query('create schema lake');
  for (const name of ['public_fees', 'wallet.public.fees']) {
    await tables.target.query(`create table lake."${name}" (id int primary key)`);
    await tables.target.query(`insert into lake."${name}" values (1)`);
  }
  const missing = { code: 1, streams: [{ stream: 'public.fees', missing: [2] }] };
  const connection = { 'connection.url': tables.warehouse.url };
  for (const format of ['lake.${namespace}_${stream}', 'lake.${topic}']) {
    expect(
      await runAudit(tables, ['--stream', 'fees'], {
        warehouse: { ...connection, 'table.name.format': format },
        topic_pattern: 'wallet.{namespace}.{stream}',
      }),
    ).toMatchObject(missing);
  }
});

test('partitioned tables are compared as one, whatever their partitions', async () => {
  const columns = 'id bigint, at date, amount numeric(12,2)';
  await tables.source.query(`create table moves (${columns}, primary key (id, at)) partition by range (at)`);
  await tables.target.query(`create table raw.moves (${columns}) partition by hash (id)`);
  await tables.target.query('create unique index on raw.moves (id)');
  for (const [index, [from, to]] of [
    ['2026-01-01', '2026-02-01'],
    ['2026-02-01', '2026-03-01'],
  ].entries()) {
    await tables.source.query(
      `create table moves_${index} partition of moves for values from ('${from}') to ('${to}')`,
    );
    await tables.target.query(
      `create table raw.moves_${index} partition of raw.moves for values with (modulus 2, remainder ${index})`,
    );
  }
  const rows = `select i, date '2026-01-01' + (i % 59)::int, i / 100.0 from generate_series(1, 30000) i`;
  await tables.source.query(`insert into moves ${rows}`);
  await tables.target.query(`insert into raw.moves ${rows}`);
  const args = ['--stream', 'moves', '--chunk-seconds', '0.005'];
  expect(await runAudit(tables, args)).toMatchObject({ code: 0, streams: [{ ...equal, rows: 30_000 }] });
  await tables.target.query(`update raw.moves set amount = amount + 0.01 where id = 77`);
  expect(await runAudit(tables, args)).toMatchObject({
    code: 1,
    streams: [{ different: [{ key: [77, '2026-01-19'], columns: ['amount'] }] }],
  });
});

test('one value of a key that holds most rows does not keep the others from being cut into ranges', async () => {
  await tables.plant(
    'skewed',
    'wallet int, memo text, id int, primary key (wallet, memo, id)',
    `select case when i < 20000 then 5 else i % 9 end, 'm' || i % 3, i from generate_series(1, 30000) i`,
  );
  await tables.target.query(`delete from raw.skewed where id in (500, 25000)`);
  const run = await runAudit(tables, ['--stream', 'skewed', '--chunk-seconds', '0.002', '--workers', '2']);
  expect(run).toMatchObject({ code: 1, streams: [{ rows: 30_000, extra: [], different: [] }] });
  expect([...(run.streams[0]?.missing ?? [])].map((key) => (key as unknown[])[2]).sort()).toEqual([25_000, 500]);
});

test('a column that was once declared with more decimals is equal to its shorter form, and no other', async () => {
  await tables.plant(
    'rates',
    'id int primary key, rate numeric(10,2)',
    'select 1, 1.5 union all select 2, null',
    'id int primary key, rate numeric(20,6)',
  );
  expect(await runAudit(tables, ['--stream', 'rates'])).toMatchObject({ code: 0 });
  await tables.target.query('update raw.rates set rate = 1.500001 where id = 1');
  expect(await runAudit(tables, ['--stream', 'rates', '--show-values'])).toMatchObject({
    code: 1,
    streams: [
      { different: [{ key: 1, columns: ['rate'], values: { rate: { source: '1.500000', warehouse: '1.500001' } } }] },
    ],
  });
});

test('--keys finds missing and extra rows and no wrong values; --sample takes the same rows by the same seed', async () => {
  await tables.plant('sampled', 'id int primary key, v int', 'select i, i from generate_series(1, 10000) i');
  await tables.target.query('update raw.sampled set v = 0 where id = 5');
  await tables.target.query('delete from raw.sampled where id = 6');
  expect(await runAudit(tables, ['--stream', 'sampled', '--keys'])).toMatchObject({
    code: 1,
    streams: [{ rows: 10_000, missing: [6], extra: [], different: [] }],
  });
  const rows = async (seed: string): Promise<number | undefined> =>
    (await runAudit(tables, ['--stream', 'sampled', '--sample', '20', '--seed', seed])).streams[0]?.rows;
  const first = await rows('1');
  expect(first).toBeGreaterThan(1_800);
  expect(first).toBeLessThan(2_200);
  expect(await rows('1')).toBe(first);
});

test('a source that stores LATIN1 and a warehouse that stores UTF-8 have the same texts', async () => {
  const { source } = await services();
  const latin = { ...source, database: uniqueName('latin') };
  const admin = await connectedTo(source);
  await admin.query(`create database "${latin.database}" encoding 'LATIN1' locale 'C' template template0`);
  const client = await connectedTo(latin);
  try {
    await client.query('create table words (id text primary key, v text)');
    await client.query(`insert into words select 'é' || i, 'ÿ' from generate_series(1, 500) i`);
    await tables.target.query('create table raw.words (id text primary key, v text)');
    await tables.target.query(`insert into raw.words select 'é' || i, 'ÿ' from generate_series(1, 500) i where i <> 7`);
    const { host, port, username, password } = latin;
    const place = { host, port, username, password, database: latin.database, ssl_mode: { mode: 'disable' } };
    expect(await runAudit(tables, [], { source: place })).toMatchObject({
      code: 1,
      streams: [{ rows: 500, missing: ['é7'], extra: [], different: [] }],
    });
  } finally {
    await client.end();
    await admin.query(`drop database "${latin.database}" with (force)`);
    await admin.end();
  }
});

test('roles that may only read are enough, and a table without a grant is said', async () => {
  await tables.plant('readable', 'id int primary key', 'select 1');
  const role = uniqueName('auditor');
  for (const [client, schema] of [
    [tables.source, 'public'],
    [tables.target, 'raw'],
  ] as const) {
    await client.query(`create role ${role} login password 'reads'`);
    await client.query(`grant usage on schema ${schema} to ${role}`);
    await client.query(`grant select on ${schema}.readable to ${role}`);
  }
  try {
    const { source } = auditConfig(tables) as { source: Record<string, unknown> };
    const url = tables.warehouse.url.replace(/\/\/[^@]*@/, `//${role}:reads@`);
    const more = {
      source: { ...source, username: role, password: 'reads' },
      warehouse: { 'connection.url': url },
    };
    expect(await runAudit(tables, [], more)).toMatchObject({
      code: 0,
      streams: [{ stream: 'public.readable', rows: 1 }],
    });
    const refused = await runAudit(tables, ['--stream', 'sampled'], more);
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 2,
      stderr:
        'ewallet-audit: The source has no table "sampled" in `source.schemas` that the role may read; did you mean public.readable?\n',
    });
  } finally {
    for (const client of [tables.source, tables.target]) {
      await client.query(`drop owned by ${role}`);
      await client.query(`drop role ${role}`);
    }
  }
});

test('a wrong configuration or option is exit 2, a server that is not there exit 3, and neither is a verdict', async () => {
  const run = async (args: readonly string[], more: Record<string, unknown> = {}): Promise<[number | null, string]> => {
    const file = path.join(tables.directory, 'wrong.json');
    await writeFile(file, JSON.stringify(auditConfig(tables, more)));
    const { code, stderr } = await runCommand('ewallet-audit', ['run', '--config', file, ...args]);
    return [code, stderr];
  };
  expect(await run([], { stream: ['users'] })).toEqual([
    2,
    'ewallet-audit: Unknown key `stream`: did you mean `streams`?\n',
  ]);
  expect(await run(['--steam', 'x'])).toEqual([2, "error: unknown option '--steam'\n(Did you mean --stream?)\n"]);
  expect(await run(['--sample', '0'])).toEqual([2, 'ewallet-audit: "0" is not a percentage: above 0, at most 100.\n']);
  const [code, stderr] = await run([], { warehouse: { 'connection.url': 'postgresql://u:hidden@127.0.0.1:1/d' } });
  expect(code).toBe(3);
  expect(stderr).toContain('Could not connect to 127.0.0.1:1/d as u');
  expect(stderr).not.toContain('hidden');
  await tables.source.query('create table only_here (id int primary key)');
  const named = await run(['--stream', 'only_here']);
  expect(named[0]).toBe(2);
  expect(named[1]).toContain('the warehouse has no table raw.only_here');
});

test('without named streams, tables that never landed are listed and the others compared', async () => {
  const run = await runAudit(tables, [], { streams: undefined });
  expect(run.notLanded).toEqual(['public.fees', 'public.only_here']);
});
