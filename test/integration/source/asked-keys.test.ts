import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { capturedWallet } from '../../support/source/captured-wallet';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  states,
  statuses,
  type ConfiguredCatalog,
  type RunResult,
} from '../../support/source/wallet-source';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'asked');
});
afterAll(async () => database.drop());

async function run(sql: string): Promise<void> {
  const client = await connectedTo(database);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function catalogWith(table: string, asked: unknown): Promise<ConfiguredCatalog> {
  const { streams } = await configuredCatalog(sourceConfig(database), 'incremental', [table]);
  return { streams: streams.map((stream) => ({ ...stream, asked_keys: asked })) };
}

/** Of each record what it says of its row: all of it, or its key and that it is gone. */
function rowsOf(result: RunResult): readonly unknown[] {
  return records(result).map(({ _ab_cdc_deleted_at: deletedAt, ...row }) =>
    deletedAt === undefined ? row : { gone: row, at: /^"\d{4}-\d\d-\d\dT[\d:.]+Z"$/.test(JSON.stringify(deletedAt)) },
  );
}

const hostile = `it's "a" \\ key,\n{}\t€ %`;

test.each([
  ['bigint', '9007199254740993', '9007199254740995'],
  ['uuid', '11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222'],
  ['numeric(20,2)', '12345678901234.50', '0.10'],
  ['text', hostile, `${hostile}!`],
  ['char(4)', 'ab', 'cd'],
  ['timestamptz', '2026-01-02 03:04:05.000006+00', '2026-01-02 03:04:05.000007+00'],
])('a row is sent as it is now, and one that is gone as deleted: key of type %s', async (type, there, gone) => {
  const table = `by_${type.replace(/\W/g, '')}`;
  await run(`create table ${table} (id ${type} primary key, memo text)`);
  const client = await connectedTo(database);
  await client.query(`insert into ${table} values ($1, 'row'), ($2, 'row')`, [there, gone]);
  await client.query(`delete from ${table} where id = $1`, [gone]);
  const { rows } = await client.query<{ text: string }>(`select id::text as text from ${table}`);
  await client.end();
  const texts = [rows[0]?.text ?? '', gone];
  const result = await runWalletSource(
    'read',
    sourceConfig(database),
    await catalogWith(table, { mode: 'only', columns: ['id'], values: texts.map((text) => [text]) }),
  );
  const raw = result.lines.filter((line) => line.includes('"RECORD"'));
  const written = (text: string): string =>
    type === 'bigint' || type.startsWith('numeric')
      ? `"id":${text}`
      : type === 'timestamptz'
        ? `"id":"${text.replace(' ', 'T').replace('+00', 'Z')}"`
        : `"id":${JSON.stringify(text)}`;
  expect(result.code).toBe(0);
  expect(raw).toHaveLength(2);
  expect(raw[0]).toContain(`"data":{${written(texts[0] ?? '')},"memo":"row"}`);
  expect(raw[1]).toContain(`"data":{${written(gone)},"_ab_cdc_deleted_at":"20`);
  expect(states(result).map(({ stream, sourceStats }) => [stream.stream_state, sourceStats.recordCount])).toEqual([
    [{}, 2],
  ]);
  expect(statuses(result, table)).toEqual(['STARTED', 'COMPLETE']);
});

test('rows of a partitioned table are found by a key of several columns', async () => {
  await run(`create table parts (wallet uuid, day date, amount numeric(10,2), primary key (wallet, day)) partition by range (day);
    create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
    create table parts_2 partition of parts for values from ('2026-02-01') to ('2026-03-01');
    insert into parts select md5('1')::uuid, day, 1.50 from (values (date '2026-01-05'), (date '2026-02-05')) d(day)`);
  const wallet = 'c4ca4238-a0b9-2382-0dcc-509a6f75849b';
  const values = [
    [wallet, '2026-02-05'],
    [wallet, '2026-02-06'],
  ];
  const asked = await catalogWith('parts', { mode: 'only', columns: ['wallet', 'day'], values });
  expect(rowsOf(await runWalletSource('read', sourceConfig(database), asked))).toEqual([
    { wallet, day: '2026-02-05', amount: 1.5 },
    { gone: { wallet, day: '2026-02-06' }, at: true },
  ]);
});

test('with a sync, rows that are gone come before it as deleted, those that are there again only with it', async () => {
  await run(
    `create table paid (id int primary key, memo text); insert into paid select i, 'first' from generate_series(1, 5) i`,
  );
  const config = sourceConfig(database);
  const first = await runWalletSource('read', config, await catalogWith('paid', undefined));
  await run(`delete from paid where id in (2, 3, 4); insert into paid values (3, 'again')`);
  const asked = { mode: 'deleted', columns: ['id'], values: [['2'], ['3'], ['5']] };
  const second = await runWalletSource('read', config, await catalogWith('paid', asked), { state: lastStates(first) });
  expect(rowsOf(second)).toEqual([
    { gone: { id: 2 }, at: true },
    { id: 3, memo: 'again' },
  ]);
  expect(states(second).reduce((sum, { sourceStats }) => sum + sourceStats.recordCount, 0)).toBe(2);
  const third = await runWalletSource('read', config, await catalogWith('paid', undefined), {
    state: lastStates(second),
  });
  expect(records(third)).toEqual([]);
});

test('a source that captures changes sends named rows with the members of its records', async () => {
  const wallet = await capturedWallet(
    (await services()).source,
    `create table users (id int primary key, name text); insert into users values (1, 'one'), (2, 'two')`,
  );
  try {
    const { streams } = await wallet.catalog(['users']);
    const asked = { mode: 'only', columns: ['id'], values: [['1'], ['9']] };
    const result = await runWalletSource('read', wallet.config(), {
      streams: streams.map((stream) => ({ ...stream, asked_keys: asked })),
    });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
    expect(records(result)).toEqual([
      { id: 1, name: 'one', _ab_cdc_lsn: 0, _ab_cdc_updated_at: time, _ab_cdc_deleted_at: null },
      { id: 9, _ab_cdc_lsn: 0, _ab_cdc_updated_at: time, _ab_cdc_deleted_at: time },
    ]);
    const refused = await runWalletSource('read', wallet.config(), {
      streams: streams.map((stream) => ({ ...stream, asked_keys: { ...asked, mode: 'deleted' } })),
    });
    expect([refused.code, JSON.stringify(refused.messages)]).toEqual([
      1,
      expect.stringContaining('it sees deletions itself') as string,
    ]);
  } finally {
    await wallet.close();
  }
});

test('a key of a column that the table does not have is refused, by its name', async () => {
  await run('create table plain (id int primary key)');
  const asked = await catalogWith('plain', { mode: 'only', columns: ['ident'], values: [['1']] });
  const result = await runWalletSource('read', sourceConfig(database), asked);
  expect(result.code).toBe(1);
  expect(result.messages.flatMap(({ trace }) => trace?.error?.message ?? [])).toContain(
    'Stream public.plain is asked for by column "ident", which is not there.',
  );
});
