import { partitionChoice, partitionColumn } from '../../../sink-warehouse/src/config/partition-choice';
import { KeyReader } from '../../../sink-warehouse/src/config/key-reader';
import { LINEAGE_COLUMNS, type LandingColumn } from '../../../sink-warehouse/src/tables/layout';
import { firstDay, monthLabel, monthOf } from '../../../sink-warehouse/src/tables/month';
import {
  createMonthSql,
  missingMonths,
  parseBounds,
  type Partition,
} from '../../../sink-warehouse/src/tables/month-partitions';
import { planTable, type ActualTable } from '../../../sink-warehouse/src/tables/table-plan';

const table = { schema: 'raw', table: 'facts' };
const now = monthOf(2026, 11);
const range = (from: string, to: string): Partition => ({
  name: { schema: 'raw', table: `p${from}` },
  bounds: parseBounds(`FOR VALUES FROM ('${from}') TO ('${to}')`),
});
const none = new Set<string>();

test('a month is one more than the one before, also over the end of a year', () => {
  const december = monthOf(2026, 12);
  expect([firstDay(december), firstDay(december + 1), monthLabel(december + 2)]).toEqual([
    '2026-12-01',
    '2027-01-01',
    '2027_02',
  ]);
});

test.each([
  ['DEFAULT', { kind: 'default' }],
  [
    "FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00')",
    { kind: 'range', from: '2026-01-01', to: '2026-02-01' },
  ],
  ["FOR VALUES FROM (MINVALUE) TO ('2020-01-01')", { kind: 'range', from: undefined, to: '2020-01-01' }],
  ["FOR VALUES FROM ('2030-01-01') TO (MAXVALUE)", { kind: 'range', from: '2030-01-01', to: undefined }],
])('PostgreSQL’s %s is read as %j', (text, expected) => {
  expect(parseBounds(text)).toEqual(expected);
});

test('months are made from 2000 until a year ahead, and where no partition is that holds any of their days', () => {
  const wanted = [monthOf(1970, 1), monthOf(2000, 1), monthOf(2019, 12), monthOf(2026, 3), now + 12, now + 13];
  const partitions = [range('2026-01-01', '2026-03-15'), { ...range('2019-01-01', '2020-01-01') }];
  expect(missingMonths(table, { wanted, partitions, taken: none, now })).toEqual([monthOf(2000, 1), now + 12]);
});

test('a month whose name is taken was detached by somebody and is not recreated', () => {
  const wanted = [monthOf(2026, 1), monthOf(2026, 2)];
  expect(missingMonths(table, { wanted, partitions: [], taken: new Set(['facts_p2026_01']), now })).toEqual([
    monthOf(2026, 2),
  ]);
});

test('a new month takes along its rows that wait in the default partition, hostile names and all', () => {
  const hostile = { schema: 'raw', table: 'fa"cts' };
  expect(
    createMonthSql(hostile, monthOf(2026, 3), {
      partitionBy: 'a"t',
      columns: ['id', 'a"t'],
      fallback: { schema: 'raw', table: 'old' },
    }),
  ).toEqual([
    'create table "raw"."fa""cts_p2026_03" (like "raw"."fa""cts" including all excluding identity)',
    'lock table "raw"."old" in access exclusive mode',
    `with waiting as (delete from "raw"."old" where "a""t" >= '2026-03-01' and "a""t" < '2026-04-01' returning "id", "a""t")
           insert into "raw"."fa""cts_p2026_03" ("id", "a""t") select "id", "a""t" from waiting`,
    `alter table "raw"."fa""cts" attach partition "raw"."fa""cts_p2026_03" for values from ('2026-03-01') to ('2026-04-01')`,
  ]);
});

const column = (name: string, type: string): LandingColumn => ({ name, type, nullable: true });
const id = column('id', 'bigint');
const at = column('at', 'timestamp with time zone');
const wish = { name: table, columns: [id, at], key: [id, at], partitionBy: 'at' };
const all = { autoCreate: true, autoEvolve: true };
const actual = (more: Partial<ActualTable> = {}): ActualTable => ({
  columns: [id, at, ...LINEAGE_COLUMNS, { name: '_loaded_at', type: 'timestamp with time zone' }].map(
    ({ name, type }) => ({
      name,
      type,
      notNull: false,
      hasDefault: name === '_loaded_at',
      generated: false,
    }),
  ),
  uniqueKeys: [['at', 'id']],
  deferrableKeys: [],
  partitionedBy: 'at',
  ...more,
});

test('a partitioned table is made with its indexes and a default partition, and never takes COPY straight', () => {
  const { statements, takesCopy } = planTable(wish, undefined, all);
  expect({ statements, takesCopy }).toEqual({
    statements: [
      'create schema if not exists "raw"',
      'create table "raw"."facts" ("id" bigint, "at" timestamp with time zone, "_kafka_topic" text, "_kafka_partition" integer, "_kafka_offset" bigint, "_schema_id" integer, "_loaded_at" timestamp with time zone not null default now()) partition by range ("at")',
      'create unique index on "raw"."facts" ("id", "at")',
      'create index on "raw"."facts" ("_loaded_at")',
      'create index on "raw"."facts" using brin ("at")',
      'create table "raw"."facts_default" partition of "raw"."facts" default',
    ],
    takesCopy: false,
  });
  expect(planTable(wish, actual(), all).statements).toEqual([]);
});

test.each([
  [
    { partitionBy: 'gone' },
    actual(),
    'Table raw.facts: table.partition.by.month names its column "gone", which the stream does not have. Name one of at.',
  ],
  [
    { partitionBy: 'id' },
    actual(),
    'Table raw.facts: table.partition.by.month names its column "id", which is bigint and no date. Name one of at.',
  ],
  [
    {},
    actual({ partitionedBy: undefined }),
    'Table raw.facts: it is not partitioned, and table.partition.by.month wants months of "at". Take the entry out, or rebuild the table as docs/sink-warehouse.md shows under "Partitioned tables".',
  ],
  [
    { partitionBy: undefined, key: [id] },
    actual(),
    'Table raw.facts: it is partitioned by "at". Set table.partition.by.month=facts:at.',
  ],
  [
    {},
    actual({ uniqueKeys: [] }),
    'Table raw.facts: it has no primary key or unique index on ("id", "at"). Run: create unique index on "raw"."facts" ("id", "at");',
  ],
  [
    { name: { schema: 'raw', table: 'x'.repeat(55) } },
    undefined,
    `Table raw.${'x'.repeat(55)}: its name has more than 54 bytes, which leaves no room for those of its partitions. Change table.name.format.`,
  ],
])('a wish for %j that the table cannot grant is refused with what to do', (more, present, message) => {
  expect(() => planTable({ ...wish, ...more }, present, all)).toThrow(message);
});

const choice = (value: string) => partitionChoice(new KeyReader(new Map([['table.partition.by.month', value]])));

test('table.partition.by.month names tables with or without their schema', () => {
  const chosen = choice('raw.facts:created_at, events:occurred_at');
  expect(
    [table, { schema: 'other', table: 'facts' }, { schema: 'other', table: 'events' }].map((name) =>
      partitionColumn(chosen, name),
    ),
  ).toEqual(['created_at', undefined, 'occurred_at']);
});

test.each([
  [
    'facts',
    'table.partition.by.month: "facts" must be a table and its timestamp column, such as transactions:created_at.',
  ],
  [
    'facts:',
    'table.partition.by.month: "facts:" must be a table and its timestamp column, such as transactions:created_at.',
  ],
  ['facts:a,facts:b', 'table.partition.by.month names the table "facts" twice.'],
])('table.partition.by.month=%s is refused', (value, message) => {
  expect(() => choice(value)).toThrow(message);
});
