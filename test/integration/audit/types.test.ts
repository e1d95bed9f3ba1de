import { runAudit } from '../../support/audit/audit-run';
import { PipelineCase } from '../../support/audit/pipeline-case';

jest.setTimeout(300_000);

/** A value of each type of the design's type table and more, its own extremes among them, as PostgreSQL reads them. */
const columns: readonly (readonly [name: string, type: string, values: readonly string[]])[] = [
  ['small', 'smallint', ['-32768', '32767']],
  ['int', 'integer', ['-2147483648', '2147483647']],
  ['big', 'bigint', ['9223372036854775807', '9007199254740993', '-9223372036854775808']],
  ['oid', 'oid', ['4294967295']],
  ['money_exact', 'numeric(20,4)', ['0', '1.0', '-0.0001', '9999999999999999.9999']],
  ['wide', 'numeric(38,0)', ['99999999999999999999999999999999999999']],
  ['tiny', 'numeric(3,5)', ['0.00999']],
  ['rounded', 'numeric(5,-2)', ['1234500']],
  ['unbounded', 'numeric', ['1.0', '1.00', '1e30', '0.000000000000000000001', 'NaN', 'Infinity', '-Infinity']],
  ['single', 'real', ['0.1', '-0', '3.4028235e38', '1e-37', 'NaN', 'Infinity']],
  ['double', 'double precision', ['0.1', '-0', '5e-324', '1.7976931348623157e308', 'NaN', '-Infinity']],
  ['flag', 'boolean', ['true', 'false']],
  [
    'words',
    'text',
    ['', 'NULL', '\\N', ' a "b" \\ c ', 'tab\tline\nend', 'café', 'cafe\u0301', '🪙 漢字', '(,)', '""'],
  ],
  ['short', 'varchar(20)', ['', 'x']],
  ['one', '"char"', ['a']],
  ['uuid', 'uuid', ['ffffffff-ffff-4fff-bfff-ffffffffffff']],
  ['day', 'date', ['2026-02-28', '0044-03-15 BC', '5874897-12-31', 'infinity', '-infinity']],
  [
    'at',
    'timestamp',
    [
      '2026-01-02 03:04:05.000001',
      '0044-03-15 12:00:00 BC',
      '294246-12-31 23:59:59.999999',
      'infinity',
      '294276-12-31 23:59:59',
    ],
  ],
  ['at_zone', 'timestamptz', ['2026-10-25 02:30:00+02', '1969-12-31 23:59:59.999999+00', '-infinity']],
  ['clock', 'time', ['24:00:00', '03:04:05.6', '00:00:00']],
  ['clock_zone', 'timetz', ['23:59:59.999999-11', '12:00:00.5+05:45', '00:00:00+00']],
  ['span', 'interval', ['1 year 2 mons 3 days 04:05:06.789', '-1 days']],
  ['bytes', 'bytea', ['\\x', '\\x00', '\\xdeadbeef00ff']],
  ['address', 'inet', ['192.168.0.1', '::1', '10.0.0.0/8']],
  ['bits', 'bit varying', ['', '1010101']],
  ['cash', 'money', ['-0.01', '12345678.90']],
  ['lexemes', 'tsvector', [`'a' 'b"c':1A`]],
  ['markup', 'xml', ['<a b="c">\n\t&lt;</a>']],
  ['place', 'point', ['(1.5,-2)']],
  ['period', 'tstzrange', ['["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")', 'empty']],
  ['document', 'jsonb', ['null', '1', '{"big": 12345678901234567890.123456789, "a": [1, {"b": null}]}', '"\\\\u0000"']],
  ['raw_document', 'json', ['{"a" :\n\t1.0, "a": 2}', '[]', '"\\ud83e\\ude99"', '1e2']],
  ['mood', 'mood', [`it's fine`, 'so "so"']],
  ['pair', 'pair', ['(1,"a ""b"" \\\\ c")', '(,)']],
  ['cents', 'cents', ['12345678901234567890.1234']],
  ['ints', 'int[]', ['{}', '{1,NULL,-3}', '[0:1]={5,6}', '{{1,2},{NULL,-2147483648}}', '[0:0][2:3]={{1,2}}']],
  ['bigs', 'bigint[]', ['{9223372036854775807}', '{{{9223372036854775807,-1}}}']],
  ['decimals', 'numeric(20,4)[]', ['{1.2500,NULL}', '{{9999999999999999.9999,NULL},{0.0001,1.2500}}']],
  ['numbers', 'numeric[]', ['{1.0,1.00,1e3,NaN}', '{{{1.00},{NaN}}}']],
  ['singles', 'real[]', ['{0.1,-0,1e-7,1e20,NaN,Infinity}']],
  ['doubles', 'float8[]', ['{0.1,-0,1e-7,1e22,NaN}', '{{0.1,1e-7}}']],
  ['texts', 'text[]', ['{"a,b","{}","\\"q\\"",NULL,"NULL","",back\\\\slash}', '{{"}",NULL},{"[1]","NULL"}}']],
  ['moods', 'mood[]', [`{"it's fine",NULL}`, `{{"it's fine",NULL}}`]],
  ['flags', 'boolean[]', ['{t,f,NULL}', '{{t,NULL}}']],
  ['days', 'date[]', ['{2026-01-02,infinity,1969-12-31}', '{{2026-01-02},{1969-12-31}}']],
  ['times', 'timestamp[]', ['{"2026-01-02 03:04:05.6",-infinity}']],
  [
    'times_zone',
    'timestamptz[]',
    ['{"2026-01-02 03:04:05.6+00",NULL,infinity}', '{{"2026-01-02 03:04:05.6+00"},{NULL}}'],
  ],
  ['clocks', 'time[]', ['{03:04:05.6,24:00:00}']],
  ['clocks_zone', 'timetz[]', ['{03:04:05.6+01,12:00:00-11:30}']],
  ['uuids', 'uuid[]', ['{ffffffff-ffff-4fff-bfff-ffffffffffff}', '{{ffffffff-ffff-4fff-bfff-ffffffffffff}}']],
  ['blobs', 'bytea[]', ['{"\\\\xdeadbeef",NULL}', '{{"\\\\xdead",NULL}}']],
  ['addresses', 'inet[]', ['{1.2.3.4,::1}']],
  ['pairs', 'pair[]', ['{"(1,x)",NULL,"(,)"}', '{{"(1,x)",NULL}}']],
  ['documents', 'jsonb[]', ['{"{\\"a\\": 1.0}",NULL,"1"}', '{{"{\\"a\\": 1.00}",NULL}}']],
  ['raw_documents', 'json[]', ['{"{\\"b\\" : 1}"}']],
  ['cube', 'int[][][]', ['{{{1,2},{3,4}},{{5,6},{7,NULL}}}']],
  ['decimal_grid', 'numeric(20,4)[][]', ['{{1.5000,NULL},{NaN,2}}']],
  ['single_grid', 'real[][]', ['{{0.1,1e-7}}']],
  ['time_grid', 'timestamptz[][]', ['{{"2026-01-02 03:04:05.6+00",infinity}}', '{"2026-01-02 03:04:05+00"}']],
  ['clock_grid', 'timetz[][]', ['{{03:04:05.6+01}}']],
  ['text_grid', 'text[][]', ['{{a,NULL},{"",NULL}}']],
  ['blob_grid', 'bytea[][]', ['{{"\\\\xdead"}}']],
  ['"~item"', 'text[]', ['{hostile}']],
  ['"k0"', 'text', ['hostile']],
  ['"a ""b"" ü.c-d"', 'text', ['hostile']],
];

let pipeline: PipelineCase;
beforeAll(async () => {
  pipeline = await PipelineCase.open();
  await pipeline.source.query(`create type mood as enum ('it''s fine', 'so "so"')`);
  await pipeline.source.query(`create type pair as (a int, b text)`);
  await pipeline.source.query(`create domain cents as numeric(24,4)`);
  const definitions = columns.map(([name, type]) => `${name} ${type}`);
  await pipeline.source.query(`create table everything (id int primary key, ${definitions.join(', ')})`);
  await pipeline.source.query('insert into everything values (0)');
  let id = 0;
  for (const [name, type, values] of columns) {
    for (const value of values) {
      id += 1;
      await pipeline.source.query(`insert into everything (id, ${name}) values ($1, $2::text::${type})`, [id, value]);
    }
  }
  pipeline.startSink();
  await pipeline.sync();
  await pipeline.landed({ everything: 'raw.everything' });
});
afterAll(async () => pipeline.close());

test('every value of every type that the pipeline landed is equal, and what it could not carry is said apart', async () => {
  const run = await runAudit(pipeline, ['--show-values']);
  const rows = 1 + columns.reduce((sum, [, , values]) => sum + values.length, 0);
  expect(run).toEqual({
    code: 0,
    equal: true,
    notLanded: [],
    stderr: '',
    streams: [
      {
        stream: 'public.everything',
        rows,
        missing: [],
        extra: [],
        different: [],
        in_flight: 0,
        // NaN and the infinities of numeric, and the date and the timestamp that Avro's integers do not reach.
        nulled: 5,
      },
    ],
  });
});

test('an array that is deeper than its column is declared lands as PostgreSQL has it, and its metadata says no change', async () => {
  const names = ['ints', 'bigs', 'decimals', 'numbers', 'doubles', 'texts', 'moods', 'flags', 'days', 'times_zone'];
  const more = ['uuids', 'blobs', 'pairs', 'documents'];
  const landed: Record<string, unknown> = {};
  for (const name of [...names, ...more]) {
    const { rows } = await pipeline.target.query<{ v: string; changes: string }>(
      `select ${name}::text as v, (_airbyte_meta - 'sync_id')::text as changes from raw.everything
       where ${name} #> '{0,0}' is not null and jsonb_typeof(${name} -> 0) = 'array' order by id`,
    );
    landed[name] = rows.map(({ v, changes }) => (changes === '{"changes": []}' ? v : [v, changes]));
  }
  expect(landed).toEqual({
    ints: ['[[1, 2], [null, -2147483648]]', '[[1, 2]]'],
    bigs: ['[[[9223372036854775807, -1]]]'],
    decimals: ['[[9999999999999999.9999, null], [0.0001, 1.2500]]'],
    // NaN has no JSON form: the source says so.
    numbers: [['[[[1.00], [null]]]', expect.stringContaining('"numbers"')]],
    doubles: ['[[0.1, 0.0000001]]'],
    texts: ['[["}", null], ["[1]", "NULL"]]'],
    moods: [`[["it's fine", null]]`],
    flags: ['[[true, null]]'],
    days: ['[["2026-01-02"], ["1969-12-31"]]'],
    times_zone: ['[["2026-01-02T03:04:05.600000Z"], [null]]'],
    uuids: ['[["ffffffff-ffff-4fff-bfff-ffffffffffff"]]'],
    blobs: ['[["3q0=", null]]'],
    pairs: ['[["(1,x)", null]]'],
    documents: ['[[{"a": 1.00}, null]]'],
  });
  const { rows } = await pipeline.target.query(
    `select count(*)::int as left_over from raw.everything where _airbyte_meta ? 'deeper_arrays'`,
  );
  expect(rows).toEqual([{ left_over: 0 }]);
});

test('a value that the pipeline did not say it changed is different, whatever its type', async () => {
  const wrong: Record<string, string> = {
    big: '9223372036854775806',
    money_exact: '9999999999999999.9998',
    unbounded: '1.000',
    double: '0.10000000000000002',
    at_zone: '2026-10-25 00:30:00.000001+00',
    clock_zone: '23:59:59.999998-11',
    bytes: '\\x01',
    document: '{"a": 1.00}',
  };
  const planted: { key: number; columns: string[] }[] = [];
  let id = 0;
  for (const [name, , values] of columns) {
    const value = wrong[name];
    if (value !== undefined) {
      await pipeline.target.query(`update raw.everything set ${name} = $1 where id = $2`, [value, id + 1]);
      planted.push({ key: id + 1, columns: [name] });
    }
    id += values.length;
  }
  await pipeline.target.query(`update raw.everything set words = '' where id = 0`);
  const empty = columns.findIndex(([name]) => name === 'words');
  const emptyId = 1 + columns.slice(0, empty).reduce((sum, [, , values]) => sum + values.length, 0);
  await pipeline.target.query('update raw.everything set words = null where id = $1', [emptyId]);
  await pipeline.target.query('update raw.everything set words = normalize(words, NFC) where id = $1', [emptyId + 6]);
  planted.push(
    { key: 0, columns: ['words'] },
    { key: emptyId, columns: ['words'] },
    { key: emptyId + 6, columns: ['words'] },
  );
  const run = await runAudit(pipeline);
  expect({ code: run.code, stream: run.streams[0] }).toEqual({
    code: 1,
    stream: expect.objectContaining({
      missing: [],
      extra: [],
      different: planted.sort((one, other) => one.key - other.key),
    }) as object,
  });
});
