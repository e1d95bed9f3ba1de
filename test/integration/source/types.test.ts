import fc from 'fast-check';
import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';

/**
 * PostgreSQL is the oracle: it makes the value from its text, and reads it back out of the RECORD's line (its `json` type
 * keeps every digit of a number). A value has survived when both print the same text.
 */
interface Case {
  readonly type: string;
  readonly values: readonly string[];
  /** SQL that makes the value of the type again from `w`, the wire value's text. */
  readonly back?: string;
  /** Values that become null with a change, as the wire cannot carry them. */
  readonly nulled?: readonly string[];
}

const awkward = [
  '',
  "it's",
  'a "quoted" one',
  'back\\slash',
  '\\N',
  'NULL',
  'tab\there',
  'line\nbreak\r\n',
  '\b\f\v\u0001\u001f\u007f',
  'U+2028 \u2028 \u2029',
  'emoji 🪙 and 漢字',
  '\\u0000 is not an escape',
  "'",
  '"',
  '\\',
  '{"json": "like"}',
  ' leading and trailing ',
];

const texts = fc
  .sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 40, seed: 7 })
  .map((text) => text.replaceAll('\0', ''));

const numbers = fc
  .sample(fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(20)), { numRuns: 40, seed: 7 })
  .map(([digits, scale]) => {
    const text = digits
      .toString()
      .replace('-', '')
      .padStart(scale + 1, '0');
    return `${digits < 0n ? '-' : ''}${text.slice(0, text.length - scale)}${scale === 0 ? '' : `.${text.slice(-scale)}`}`;
  });

const times = [
  '2026-01-02 03:04:05.000001',
  '2026-01-02 03:04:05.6',
  '1970-01-01 00:00:00',
  '1969-12-31 23:59:59.999999',
  '0001-01-01 00:00:00',
  '0044-03-15 12:00:00 BC',
  '4713-01-01 00:00:00 BC',
  '9999-12-31 23:59:59.999999',
  '10000-01-01 00:00:00',
  '294276-12-31 23:59:59.999999',
];

const cases: readonly Case[] = [
  { type: 'smallint', values: ['0', '-32768', '32767'] },
  { type: 'integer', values: ['0', '-2147483648', '2147483647'] },
  { type: 'bigint', values: ['0', '-9223372036854775808', '9223372036854775807', '9007199254740993'] },
  { type: 'oid', values: ['0', '4294967295'] },
  { type: 'numeric(20,4)', values: ['0', '-0.0001', '9999999999999999.9999', '12345678901234.5600'] },
  { type: 'numeric(38,0)', values: ['99999999999999999999999999999999999999'] },
  { type: 'numeric(3,5)', values: ['0.00999'] },
  { type: 'numeric(5,-2)', values: ['1234500'] },
  {
    type: 'numeric',
    values: [...numbers, '1' + '0'.repeat(999), '0.' + '0'.repeat(999) + '1', '-' + '9'.repeat(1000) + '.5'],
    nulled: ['NaN', 'Infinity', '-Infinity'],
  },
  { type: 'real', values: ['0', '-0', '1e-37', '3.4028235e38', '0.1'], nulled: ['NaN', 'Infinity', '-Infinity'] },
  {
    type: 'double precision',
    values: ['0', '-0', '5e-324', '1.7976931348623157e308', '0.1', '123456789.123456789'],
    nulled: ['NaN', 'Infinity', '-Infinity'],
  },
  { type: 'boolean', values: ['true', 'false'] },
  { type: 'text', values: [...awkward, ...texts] },
  { type: 'varchar(50)', values: awkward },
  { type: 'char(20)', values: ['a', "b'"] },
  { type: '"char"', values: ['a'] },
  { type: 'name', values: ['some name'] },
  { type: 'uuid', values: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-4fff-bfff-ffffffffffff'] },
  {
    type: 'date',
    values: ['2026-02-28', '0001-01-01', '0044-03-15 BC', '5874897-12-31'],
    nulled: ['infinity', '-infinity'],
  },
  { type: 'timestamp', values: times, nulled: ['infinity', '-infinity'] },
  // the hour that daylight saving repeats, and the one it leaves out, by offset
  {
    type: 'timestamptz',
    values: [
      ...times.map((time) => time.replace(/( BC)?$/, '+00$1')),
      '2026-10-25 02:30:00+02',
      '2026-10-25 02:30:00+01',
      '2026-03-29 02:30:00+01',
    ],
    nulled: ['infinity', '-infinity'],
  },
  { type: 'time', values: ['00:00:00', '23:59:59.999999', '24:00:00', '03:04:05.6'] },
  { type: 'timetz', values: ['00:00:00+00', '23:59:59.999999-11', '12:00:00.5+05:45', '12:00:00-15:59:59'] },
  { type: 'interval', values: ['1 year 2 mons 3 days 04:05:06.789', '-1 days', '00:00:00'] },
  { type: 'interval hour to minute', values: ['12:30'] },
  { type: 'bytea', values: ['\\x', '\\x00', '\\xdeadbeef00ff', '\\x' + 'ab'.repeat(500)], back: "decode(w, 'base64')" },
  { type: 'inet', values: ['192.168.0.1', '::1', '10.0.0.0/8'] },
  { type: 'cidr', values: ['10.0.0.0/8'] },
  { type: 'macaddr', values: ['08:00:2b:01:02:03'] },
  { type: 'macaddr8', values: ['08:00:2b:01:02:03:04:05'] },
  { type: 'bit(3)', values: ['101'] },
  { type: 'bit varying', values: ['', '1010101'] },
  { type: 'money', values: ['12345678.90', '-0.01'] },
  { type: 'tsvector', values: ["'a' 'b\"c':1A"] },
  { type: 'tsquery', values: ["'a' & !'b'"] },
  { type: 'xml', values: ['<a b="c">\n\t&lt;</a>'] },
  { type: 'pg_lsn', values: ['16/B374D848'] },
  { type: 'point', values: ['(1.5,-2)'] },
  { type: 'box', values: ['(3,4),(1,2)'] },
  { type: 'polygon', values: ['((0,0),(1,1),(1,0))'] },
  { type: 'int4range', values: ['[1,5)', 'empty', '(,)'] },
  { type: 'tstzrange', values: ['["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")'] },
  { type: 'nummultirange', values: ['{[1.5,2.5),[3,)}'] },
  {
    type: 'jsonb',
    values: [
      'null',
      '1',
      '"x\\u2028\\"\\\\n"',
      '{"big": 12345678901234567890.123456789, "a": [1, {"b": null}]}',
      '"\\\\u0000"',
    ],
    back: 'j::text::jsonb',
  },
  { type: 'json', values: ['{"a" :\n\t1.0, "a": 2}', '[]', '"\\\\n"'], back: 'j' },
  { type: 'mood', values: ["it's fine", 'so "so"'] },
  { type: 'pair', values: ['(1,"a ""b"" \\\\ c")'] },
  { type: 'cents', values: ['12345678901234567890.1234'] },
  { type: 'cents_of_cents', values: ['-0.0001'] },
  {
    type: 'int[]',
    values: ['{}', '{1,NULL,-3}'],
    back: 'array(select e::int from json_array_elements_text(w::json) e)',
  },
  {
    type: 'bigint[]',
    values: ['{9223372036854775807}'],
    back: 'array(select e::bigint from json_array_elements_text(w::json) e)',
  },
  {
    type: 'numeric(20,4)[]',
    values: ['{1.2500,NULL}'],
    back: 'array(select e::numeric(20,4) from json_array_elements_text(w::json) e)',
  },
  {
    type: 'text[]',
    values: ['{}', '{"a,b","{}","\\"q\\"",NULL,"NULL","",back\\\\slash}'],
    back: 'array(select e from json_array_elements_text(w::json) e)',
  },
  {
    type: 'mood[]',
    values: ['{"it\'s fine",NULL}'],
    back: 'array(select e::mood from json_array_elements_text(w::json) e)',
  },
  {
    type: 'boolean[]',
    values: ['{t,f,NULL}'],
    back: 'array(select e::boolean from json_array_elements_text(w::json) e)',
  },
  {
    type: 'timestamptz[]',
    values: ['{"2026-01-02 03:04:05.6+00",NULL}'],
    back: 'array(select e::timestamptz from json_array_elements_text(w::json) e)',
  },
  { type: 'date[]', values: ['{2026-01-02}'], back: 'array(select e::date from json_array_elements_text(w::json) e)' },
  {
    type: 'uuid[]',
    values: ['{ffffffff-ffff-4fff-bfff-ffffffffffff}'],
    back: 'array(select e::uuid from json_array_elements_text(w::json) e)',
  },
  {
    type: 'bytea[]',
    values: ['{"\\\\xdeadbeef",NULL}'],
    back: "array(select decode(e, 'base64') from json_array_elements_text(w::json) e)",
  },
  {
    type: 'jsonb[]',
    values: ['{"{\\"a\\": \\"b\\\\\\\\c\\"}",NULL,"1"}'],
    back: "array(select case when e::text <> 'null' then e::jsonb end from json_array_elements(w::json) e)",
  },
  {
    type: 'box[]',
    values: ['{(3,4),(1,2);(7,8),(5,6)}'],
    back: 'array(select e::box from json_array_elements_text(w::json) e)',
  },
];

const cube = {
  type: 'int[][][]',
  value: '{{{1,2},{3,4}},{{5,6},{7,NULL}}}',
  json: [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, null],
    ],
  ],
};

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'types');
  admin = await connectedTo(database);
  // The role's own settings must not change what is read.
  await admin.query(`alter database "${database.database}" set timezone = 'America/New_York'`);
  await admin.query(`alter database "${database.database}" set datestyle = 'SQL, DMY'`);
  await admin.query(`alter database "${database.database}" set intervalstyle = 'iso_8601'`);
  await admin.query(`alter database "${database.database}" set bytea_output = 'escape'`);
  await admin.query(`alter database "${database.database}" set extra_float_digits = 0`);
  await admin.query(`set timezone = 'UTC'`);
  await admin.query(`create type mood as enum ('it''s fine', 'so "so"')`);
  await admin.query(`create type pair as (a int, b text)`);
  await admin.query(`create domain cents as numeric(24,4)`);
  await admin.query(`create domain cents_of_cents as cents check (value is not null or true)`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

jest.setTimeout(300_000);

test('every value of every type comes back from its RECORD as PostgreSQL had it', async () => {
  for (const [index, one] of cases.entries()) {
    await admin.query(`create table t${index} (id int primary key, v ${one.type})`);
    for (const [id, value] of [...one.values, ...(one.nulled ?? [])].entries()) {
      await admin.query(`insert into t${index} values ($1, $2::text::${one.type})`, [id, value]);
    }
    await admin.query(`insert into t${index} values (1000, null)`);
  }
  const config = sourceConfig(database);
  const names = cases.map((_, index) => `t${index}`);
  const result = await runWalletSource('read', config, await configuredCatalog(config, 'full_refresh', names));
  expect(result.code).toBe(0);
  const lines = result.lines.filter((line) => line.startsWith('{"type":"RECORD"'));
  expect(lines).toHaveLength(cases.reduce((sum, one) => sum + one.values.length + (one.nulled?.length ?? 0) + 1, 0));
  for (const [index, one] of cases.entries()) {
    const mine = lines.filter((line) => line.includes(`"stream":"t${index}",`));
    const { rows } = await admin.query<{ id: number; same: boolean; expected: string; wire: string }>(
      `with wire as (select (l::json #>> '{record,data,id}')::int as id, l::json #> '{record,data}' -> 'v' as j,
           l::json #> '{record,data}' ->> 'v' as w,
           l::json #>> '{record,meta,changes,0,change}' as change
         from unnest($1::text[]) l)
       select id, t.v::text as expected, wire.j::text as wire,
         case when id >= $2 and id < 1000 then wire.w is null and change = 'NULLED'
           when w is null then (t.v is null or t.v::text = 'null') and change is null
           else ${one.back ?? `w::${one.type}`}::text = translate(t.v::text, ${one.type === 'json' ? "e'\\n\\t', '  '" : "'', ''"}) and change is null end as same
       from wire join t${index} t using (id)`,
      [mine, one.values.length],
    );
    const wrong = rows.filter((row) => !row.same);
    expect({ type: one.type, wrong }).toEqual({ type: one.type, wrong: [] });
    expect({ type: one.type, rows: rows.length }).toEqual({ type: one.type, rows: mine.length });
  }
});

test('a json value may hold the escape of a NUL, which PostgreSQL itself cannot take apart', async () => {
  await admin.query('create table nul (v json)');
  await admin.query(`insert into nul values ('["\\u0000"]')`);
  const config = sourceConfig(database);
  const result = await runWalletSource('read', config, await configuredCatalog(config, 'full_refresh', ['nul']));
  expect(records(result)).toEqual([{ v: ['\0'] }]);
});

test('arrays of several dimensions are nested lists, whatever their column declares', async () => {
  await admin.query(`create table deep (id int primary key, v ${cube.type}, bounded int[], loose int[])`);
  await admin.query(`insert into deep values (1, '${cube.value}', '[0:1]={7,8}', '${cube.value}')`);
  // Neither a view nor a copy of the table knows how many dimensions were declared.
  await admin.query('create view deep_view as select * from deep; create table deep_copy as select * from deep');
  const config = sourceConfig(database);
  for (const stream of ['deep', 'deep_view', 'deep_copy']) {
    const result = await runWalletSource('read', config, await configuredCatalog(config, 'full_refresh', [stream]));
    expect({ stream, rows: records(result) }).toEqual({
      stream,
      rows: [{ id: 1, v: cube.json, bounded: [7, 8], loose: cube.json }],
    });
  }
});

test('names with spaces, quotes, dots, upper case, other alphabets and 63 bytes are read as they are', async () => {
  const names = [
    'with space',
    'qu"ote',
    "apos'trophe",
    'dot.ted',
    'UPPER',
    'ünï漢',
    'select',
    'n'.repeat(63),
    'back\\slash',
    '$1',
  ];
  for (const schema of ['odd "schema".x']) {
    await admin.query(`create schema "${schema.replaceAll('"', '""')}"`);
    for (const name of names) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await admin.query(`create table "${schema.replaceAll('"', '""')}".${quoted} (${quoted} text primary key)`);
      await admin.query(`insert into "${schema.replaceAll('"', '""')}".${quoted} values ($1)`, [name]);
    }
    const config = sourceConfig(database, { schemas: [schema] });
    const result = await runWalletSource('read', config, await configuredCatalog(config, 'incremental'));
    expect(result.code).toBe(0);
    const byStream = (a: { stream: string }, b: { stream: string }): number => (a.stream < b.stream ? -1 : 1);
    const found = result.messages.flatMap(({ record }) => (record === undefined ? [] : [record]));
    expect(found.map(({ namespace, stream, data }) => ({ namespace, stream, data })).sort(byStream)).toEqual(
      names.map((name) => ({ namespace: schema, stream: name, data: { [name]: name } })).sort(byStream),
    );
  }
});

test('a table without columns gives empty records, one of 1,600 columns gives all of them', async () => {
  await admin.query('create table none ()');
  await admin.query('insert into none default values; insert into none default values');
  const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int`);
  await admin.query(`create table wide (${columns.join(', ')})`);
  await admin.query(`insert into wide values (${columns.map((_, index) => index).join(', ')})`);
  const config = sourceConfig(database);
  const result = await runWalletSource(
    'read',
    config,
    await configuredCatalog(config, 'full_refresh', ['none', 'wide']),
  );
  expect(records(result, 'none')).toEqual([{}, {}]);
  expect(records(result, 'wide')).toEqual([Object.fromEntries(columns.map((_, index) => [`c${index}`, index]))]);
});

test('values of many megabytes come whole, whatever the chunks they come in', async () => {
  await admin.query('create table large (id int primary key, t text, b bytea)');
  await admin.query(
    `insert into large values (1, repeat('quote " back \\ 漢' || chr(10), 1000000), decode(repeat('00ff', 5000000), 'hex'))`,
  );
  const config = sourceConfig(database);
  const result = await runWalletSource('read', config, await configuredCatalog(config, 'full_refresh', ['large']));
  const [row] = records(result) as readonly { t: string; b: string }[];
  expect(row?.t === 'quote " back \\ 漢\n'.repeat(1_000_000)).toBe(true);
  expect(Buffer.from(row?.b ?? '', 'base64').equals(Buffer.from('00ff'.repeat(5_000_000), 'hex'))).toBe(true);
});
