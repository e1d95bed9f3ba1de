import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConnectionUrl } from '@ewallet/postgres';
import type { Client } from 'pg';
import { parseDocument } from 'yaml';
import { readCatalogue } from '../../../mapping/src/database/catalogue';
import { Database, type Row } from '../../../mapping/src/database/database';
import type { Mapping } from '../../../mapping/src/file/mapping';
import { parseMapping } from '../../../mapping/src/file/read-mapping';
import { render } from '../../../mapping/src/render/render';
import { writeRendered } from '../../../mapping/src/render/write-rendered';
import { WalletSql } from '../../../mapping/src/wallet/wallet-sql';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { expectSuccess } from '../dbt/run-dbt';
import { dbtByMapping } from './mapped-dbt';

jest.setTimeout(600_000);

let database: FreshDatabase;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'operations');
  client = await connectedTo(database);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

interface Wallet {
  readonly title: string;
  readonly schema: string;
  readonly tables: string;
  readonly mapping: string;
  /** Operations that its rows make. */
  readonly operations: number;
}

const CODES = `
values: { wallet_kind: { bank: float, income: fee, person: customer } }
currencies: { USD: { iso: USD, minor_unit_divisor: 1 }, usd: { iso: USD, minor_unit_divisor: 100 } }
`;

const wallets: readonly Wallet[] = [
  {
    title: 'states that are completed in parts, made in one instant, with a missing amount and a name in capitals',
    schema: 'parts',
    tables: `
      create table parts."Moves" (id text primary key, parent text, "Status" text, amount numeric, fee numeric(9, 4), made timestamp);
      insert into parts."Moves" values
        ('2', null, 'INFLIGHT', 50, 1, '2026-03-01 10:00'), ('3', '2', 'APPLIED', 50.10, 1, '2026-03-01 10:05'),
        ('4', null, 'INFLIGHT', 100, 0, '2026-03-01 11:00'), ('5', '4', 'APPLIED', 60, 2, '2026-03-01 11:10'),
        ('10', '4', 'APPLIED', 25, null, '2026-03-01 11:10'), ('9', '4', 'APPLIED', null, 0.5, '2026-03-01 11:10'),
        ('7', null, null, 9, 0, '2026-03-01 12:00'), ('8', '7', null, 1, 0, '2026-03-01 12:00'), ('11', '12', 'VOID', 3, 0, null),
        ('13', 'no such row', 'APPLIED', -4, 0, 'infinity'), ('a ''quoted'' key', null, 'APPLIED', 'NaN', 0, '2026-03-01');
      create table parts.accounts (id text primary key, kind text, currency text);
      insert into parts.accounts values ('w', 'person', 'USD');`,
    mapping: `
      wallet: { schema: parts, ingestion: replica, key_type: text }
      tables:
        wallets: { table: accounts, columns: { id: id, kind: kind, currency: currency, loaded_at: now() } }
        transactions:
          table: Moves
          states: { operation: 'coalesce(parent, id)', order: made, parts: yes }
          columns: { id: id, status: '"Status"', amount: amount, fee: fee, created_at: made, currency: "'USD'", loaded_at: made }`,
    operations: 6,
  },
  {
    title: 'states by a number, of which deleted rows and rows of another kind are no part',
    schema: 'numbered',
    tables: `
      create table numbered.moves (id bigint primary key, operation bigint, step int, status text, amount bigint, kind text, gone boolean, made timestamptz);
      insert into numbered.moves
        select n, n / 4, n % 3, (array['held', 'done', null])[1 + n % 3], n * 7, case when n % 11 = 0 then 'note' else 'move' end,
          (array[true, false, null])[1 + n % 3 * (n % 5 % 2)], timestamptz '2026-03-01' + n % 6 * interval '1 hour'
        from generate_series(1, 200) as n;
      create table numbered.accounts (id bigint primary key, kind text, currency text);
      insert into numbered.accounts values (1, 'person', 'USD');`,
    mapping: `
      wallet: { schema: numbered, ingestion: replica, key_type: bigint, source_time_zone: Asia/Manila }
      tables:
        wallets: { table: accounts, columns: { id: id, kind: kind, currency: currency, loaded_at: now() } }
        transactions:
          table: moves
          rows: kind = 'move'
          deleted_when: gone
          states: { operation: operation, order: 'step, made' }
          columns: { id: id, status: status, amount: amount, created_at: made, currency: "'USD'", loaded_at: made }`,
    operations: 38,
  },
  {
    title:
      'legs of many sides, currencies, fees and nothing, with text for keys, as the sink lands several versions of them',
    schema: 'journal',
    tables: `
      create table journal.legs (id bigint, journal text, account text, currency text, debit numeric, credit numeric, made timestamptz,
        _loaded_at timestamptz, _kafka_offset bigint, _airbyte_extracted_at timestamptz, _deleted_at timestamptz);
      insert into journal.legs select *, '2026-03-01', '2026-03-02', id, '2026-03-02', null from (values
        (1, 'T1', 'ann', 'USD', 105, null), (2, 'T1', 'shop', 'USD', null, 100), (3, 'T1', 'income', 'USD', null, 5),
        (4, 'T2', 'ann', 'USD', 30, null), (5, 'T2', 'bob', 'USD', 70, null), (6, 'T2', 'shop', 'USD', null, 60),
        (7, 'T2', 'store', 'USD', null, 40), (8, 'T3', 'income', 'USD', 5, null), (9, 'T3', 'ann', 'USD', null, 5),
        (10, 'T4', 'ann', 'USD', 10, null), (11, 'T4', 'bank', 'USD', null, 10), (12, 'T4', 'bank', 'usd', 1000, null),
        (13, 'T4', 'ann', 'usd', null, 1000), (14, 'T5', 'ann', 'USD', 3, null), (15, 'T5', 'income', 'USD', null, 3),
        (16, 'T6', 'ann', 'USD', 1, null), (17, 'T6', 'ann', 'USD', null, 1), (18, 'T7', 'ann', 'XXX', 1, null),
        (19, 'T8', 'ann', null, 1, null), (20, 'T9', null, 'USD', 1, null), (21, null, 'ann', 'USD', 1, null),
        (22, 'T10', 'ann', 'USD', null, null), (23, 'T11', 'ann', 'USD', 12, null), (24, 'T11', 'bob', 'USD', 8, null),
        (25, 'T11', 'income', 'USD', null, 2), (26, 'T11', 'shop', 'USD', null, 9.99), (27, 'T11', 'store', 'USD', null, 8.01),
        (28, 'T11', 'Store', 'usd', null, 7)
      ) as given (id, journal, account, currency, debit, credit);
      -- A later version, a later version in the same instant, and a row that is deleted.
      insert into journal.legs select id, journal, account, currency, debit, credit + 1, made, _loaded_at + interval '1 hour', 1, null, null
        from journal.legs where id in (2, 6);
      insert into journal.legs select id, journal, account, currency, debit, credit * 2, made, _loaded_at, _kafka_offset + 100, null, null
        from journal.legs where id in (7, 27);
      insert into journal.legs select id, journal, account, currency, debit, credit, made, _loaded_at, _kafka_offset + 200, null, '2026-03-03'
        from journal.legs where id = 17;
      create table journal.accounts (id text, kind text, currency text, _loaded_at timestamptz, _kafka_offset bigint,
        _airbyte_extracted_at timestamptz);
      insert into journal.accounts select *, '2026-03-02', 1, '2026-03-02' from (values ('ann', 'person', 'USD'), ('bob', 'person', 'USD'),
        ('shop', 'person', 'USD'), ('store', 'person', 'USD'), ('bank', 'bank', 'USD'), ('income', 'income', 'USD'), ('a bank', 'bank', 'USD'),
        ('Store', 'income', 'usd')) as given;`,
    mapping: `
      wallet: { schema: journal, ingestion: kafka, key_type: text }
      tables:
        wallets: { table: accounts, columns: { id: id, kind: kind, currency: currency } }
        transactions:
          table: legs
          legs: { operation: journal, wallet: account, amount: 'coalesce(credit, 0) - coalesce(debit, 0)', order: id desc }
          columns: { id: id, amount: credit, created_at: made, currency: currency, status: "'done'" }`,
    operations: 18,
  },
  {
    title: 'one-sided rows by a number, with charges, whose float and fee wallets are virtual',
    schema: 'sided',
    tables: `
      create table sided.moves (id bigint primary key, account int, kind int, amount numeric(12, 2), made timestamptz);
      insert into sided.moves
        select n, (array[9, 10, 100])[1 + n % 3], n % 5, (n % 17 - 1)::numeric / 4, timestamptz '2026-03-01' + n * interval '1 minute'
        from generate_series(1, 120) as n;
      create table sided.accounts (id int primary key, currency text, made timestamptz);
      insert into sided.accounts values (9, 'USD', now()), (10, 'usd', now()), (100, 'XXX', now());`,
    mapping: `
      wallet: { schema: sided, ingestion: replica, key_type: bigint }
      tables:
        wallets: { table: accounts, virtual: [float, fee], columns: { id: id, kind: "'person'", currency: currency, loaded_at: made } }
        transactions:
          table: moves
          legs: { operation: id, wallet: account, amount: 'case when kind = 1 then amount else -amount end', charge_when: "nullif(kind, 3) = 4" }
          columns:
            { id: id, amount: amount, created_at: made, loaded_at: made, currency: { lookup: accounts, key: id, by: account, take: currency } }`,
    operations: 112,
  },
  {
    title: 'legs of three to five sides, those of fee and float wallets among them, with uuid for keys',
    schema: 'pairs',
    tables: `
      create table pairs.accounts (id uuid primary key, kind text, currency text, made timestamptz);
      insert into pairs.accounts select md5(n::text)::uuid, (array['person', 'person', 'person', 'bank', 'income'])[1 + n % 5],
        (array['USD', 'usd'])[1 + n % 2], now() from generate_series(1, 40) as n;
      create table pairs.legs (id uuid primary key, operation uuid, account uuid, currency text, amount bigint, made timestamptz);
      insert into pairs.legs select md5('leg' || operation || ':' || leg)::uuid, md5('operation' || operation)::uuid,
        md5((1 + operation * leg * 7 % 40)::text)::uuid, (array['USD', 'usd'])[1 + operation % 2], (operation * 31 + leg * leg * 17) % 41 - 20, now()
        from generate_series(1, 150) as operation, generate_series(1, 5) as leg where leg <= 3 + operation % 3;`,
    mapping: `
      wallet: { schema: pairs, ingestion: replica, key_type: uuid }
      tables:
        wallets: { table: accounts, columns: { id: id, kind: kind, currency: currency, loaded_at: made } }
        transactions:
          table: legs
          legs: { operation: operation, wallet: account, amount: amount }
          columns: { id: id, amount: amount, created_at: made, currency: currency, loaded_at: made }`,
    operations: 549,
  },
];

test.each(wallets)('check works on the operations that dbt makes: $title', async (wallet) => {
  await client.query(`create schema ${wallet.schema}; ${wallet.tables}`);
  const text = `${wallet.mapping.replace(/^ {6}/gm, '')}\n${CODES}`;
  const mapping = parseMapping(parseDocument(text, { schema: 'failsafe' }), 'mapping.yml');
  const reading = await Database.open(parseConnectionUrl(database.url), wallet.schema);
  try {
    const present = new WalletSql(mapping, await readCatalogue(reading, wallet.schema)).present('transactions');
    const checked = await reading.rows('Reading operations of the mapping', `select * from ${present}`);
    const built = await reading.rows('Reading operations of dbt', await sqlOfDbt(mapping));
    expect(sorted(checked, 'ewallet_rows_in_state', 'ewallet_pair_number')).toEqual(sorted(built, 'ewallet_loaded_at'));
    expect(built).toHaveLength(wallet.operations);
  } finally {
    await reading.close();
  }
});

/** The compiled SQL that staging reads operations from. That of legs looks wallets up, which are built first. */
async function sqlOfDbt(mapping: Mapping): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ewallet-operations-'));
  try {
    await writeRendered(path.join(folder, 'dbt'), render(mapping, undefined));
    if (mapping.tables.transactions?.operations?.kind === 'legs') {
      const wallets = ['build', '--exclude-resource-type', 'test', 'unit_test', '--select', '+stg_ewallet__wallets'];
      expectSuccess(await dbtByMapping(folder, database, wallets));
    }
    const inline = "select * from {{ latest_rows('transactions', 'id', 'updated_at') }}";
    const compiled = await dbtByMapping(folder, database, [
      '--quiet',
      'compile',
      '--output',
      'json',
      '--inline',
      inline,
    ]);
    expectSuccess(compiled);
    return (JSON.parse(compiled.stdout) as { compiled: string }).compiled;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows in one order, without the columns that one side alone needs. */
function sorted(rows: readonly Row[], ...own: readonly string[]): readonly Row[] {
  const shared = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => !own.includes(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
  return shared
    .map((row) => [JSON.stringify(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}
