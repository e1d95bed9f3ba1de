import { planTable, type ActualColumn, type ActualTable } from '../../../sink-warehouse/src/tables/table-plan';
import { LINEAGE_COLUMNS, type LandingColumn } from '../../../sink-warehouse/src/tables/layout';
import { widestType } from '../../../sink-warehouse/src/tables/widening';

const column = (name: string, type: string, nullable = true): LandingColumn => ({ name, type, nullable });
const actual = (name: string, type: string, more: Partial<ActualColumn> = {}): ActualColumn => ({
  name,
  type,
  notNull: false,
  hasDefault: false,
  generated: false,
  ...more,
});
const id = column('id', 'bigint', false);
const wish = (...columns: LandingColumn[]) => ({
  name: { schema: 'raw', table: 't' },
  columns: [id, ...columns],
  key: [id],
});
const table = (...columns: ActualColumn[]): ActualTable => ({
  columns: [
    actual('id', 'bigint', { notNull: true }),
    ...columns,
    ...LINEAGE_COLUMNS.map(({ name, type }) => actual(name, type)),
    actual('_loaded_at', 'timestamp with time zone', { notNull: true, hasDefault: true }),
  ],
  uniqueKeys: [['id']],
  deferrableKeys: [],
});
const all = { autoCreate: true, autoEvolve: true };
const none = { autoCreate: false, autoEvolve: false };

test('a table that fits needs nothing and takes COPY straight', () => {
  const plan = planTable(wish(column('a', 'text')), table(actual('a', 'text')), none);
  expect({ statements: plan.statements, takesCopy: plan.takesCopy }).toEqual({ statements: [], takesCopy: true });
});

test('a new table leaves room in its pages for new versions of its rows where it has a key', () => {
  const { name } = wish();
  expect(planTable(wish(column('a', 'text')), undefined, all).statements).toEqual([
    'create schema if not exists "raw"',
    'create table "raw"."t" ("id" bigint, "a" text, "_kafka_topic" text, "_kafka_partition" integer, "_kafka_offset" bigint, "_schema_id" integer, "_loaded_at" timestamp with time zone not null default now(), primary key ("id")) with (fillfactor = 90)',
    'create index on "raw"."t" using brin ("_loaded_at")',
  ]);
  expect(planTable({ name, columns: [id], key: [] }, undefined, all).statements[1]).toBe(
    'create table "raw"."t" ("id" bigint, "_kafka_topic" text, "_kafka_partition" integer, "_kafka_offset" bigint, "_schema_id" integer, "_loaded_at" timestamp with time zone not null default now())',
  );
});

test('with auto.evolve columns are added, widened and made nullable; without it the statement is in the refusal', () => {
  const wanted = wish(column('a', 'bigint'), column('b "q"', 'text'), column('c', 'text'));
  const present = table(actual('a', 'integer'), actual('c', 'text', { notNull: true }));
  expect(planTable(wanted, present, all).statements).toEqual([
    'alter table "raw"."t" alter column "a" type bigint',
    'alter table "raw"."t" add column "b ""q""" text',
    'alter table "raw"."t" alter column "c" drop not null',
  ]);
  expect(() => planTable(wanted, present, none)).toThrow(
    'Table raw.t: its column "a" is integer, too narrow for bigint. Run: alter table "raw"."t" alter column "a" type bigint;',
  );
});

test('a wider column is left as it is and its rows are cast', () => {
  const plan = planTable(wish(column('a', 'integer')), table(actual('a', 'numeric')), none);
  expect({ statements: plan.statements, type: plan.types.get('a'), takesCopy: plan.takesCopy }).toEqual({
    statements: [],
    type: 'numeric',
    takesCopy: false,
  });
});

test('a type that cannot hold the rows exactly is refused with the statement to run, even with auto.evolve', () => {
  expect(() => planTable(wish(column('a', 'numeric(20,4)')), table(actual('a', 'double precision')), all)).toThrow(
    'Table raw.t: its column "a" is double precision and rows bring numeric(20,4). Run: alter table "raw"."t" alter column "a" type numeric(20,4) using "a"::numeric(20,4);',
  );
});

test('a table without a unique key is refused for upserts', () => {
  expect(() => planTable(wish(), { ...table(), uniqueKeys: [['other']] }, all)).toThrow(
    'Table raw.t: it has no primary key or unique index on ("id"). Run: alter table "raw"."t" add primary key ("id");',
  );
});

test.each([
  ['integer', 'bigint', 'bigint'],
  ['real', 'double precision', 'double precision'],
  ['numeric(10,2)', 'numeric(12,4)', 'numeric(12,4)'],
  ['numeric(10,2)', 'numeric(8,4)', 'numeric(12,4)'],
  ['bigint', 'numeric(20,4)', 'numeric(23,4)'],
  ['numeric(1000,0)', 'numeric(10,10)', 'numeric'],
  ['character varying(10)', 'text', 'text'],
  ['character varying(10)', 'character varying(20)', 'character varying(20)'],
  ['bigint', 'double precision', undefined],
  ['numeric', 'double precision', undefined],
  ['timestamp with time zone', 'timestamp without time zone', undefined],
  ['jsonb', 'text', undefined],
])('%s and %s are both held by %s', (a, b, expected) => {
  expect([widestType(a, b), widestType(b, a)]).toEqual([expected, expected]);
});
