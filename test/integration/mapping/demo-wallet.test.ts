import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';
import { simulatedWalletWalk, type WalletWalk } from './wallet-walk';

jest.setTimeout(300_000);

let wallet: WalletWalk;

beforeAll(async () => {
  wallet = await simulatedWalletWalk(4000);
});

afterAll(async () => {
  await wallet.end();
});

/** Lines of a CSV file without its head. */
async function linesOf(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).trim().split('\n').slice(1);
}

test('the demo’s own wallet, proposed, answered and checked, is what dbt reads without a mapping', async () => {
  expect(await wallet.propose()).toMatchObject({ code: 1 });
  await wallet.answer();
  const { rows: totals } = await wallet.client.query<Record<string, string>>(
    `select currency, 'top_up' as type, count(*)::text as count, sum(amount)::text as amount
     from transactions where type = 'top_up' and status = 'completed' group by currency order by currency`,
  );
  const { rows: own } = await wallet.client.query<Record<string, string>>(
    `select id::text as wallet, balance::text from wallets where kind = 'customer' and balance > 0 order by id limit 1`,
  );
  await wallet.edit((document) => {
    document.set('control_totals', [...totals, ...own]);
  });
  const checked = await wallet.check();
  expect({ code: checked.code, text: checked.stdout.trim().split('\n').slice(-2) }).toEqual({
    code: 0,
    text: [
      '7 control totals match; every balance is what its transactions add up to.',
      'The mapping is right as far as the tables and your figures tell.',
    ],
  });
  expect(await wallet.render()).toMatchObject({ code: 0 });

  const rendered = path.join(wallet.folder, 'dbt');
  const { ewallet_columns: columns, ...vars } = parse(
    await readFile(path.join(rendered, 'vars.yml'), 'utf8'),
  ) as Record<string, Record<string, Record<string, string>>>;
  expect(vars).toEqual({
    ewallet_ingestion: 'replica',
    ewallet_schemas: { replica: 'public' },
    ewallet_source_time_zone: '',
    key_type: 'bigint',
    reporting_time_zone: 'UTC',
    reporting_currency: 'USD',
    ewallet_tables: Object.fromEntries(
      ['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity'].map((name) => [name, name]),
    ),
    ewallet_absent: [],
    ewallet_filters: {},
    ewallet_deleted_when: {},
    ewallet_operations: {},
    ewallet_virtual_wallets: [],
    ewallet_currency_digits: { IDR: 2, PHP: 2, SGD: 2, THB: 2, USD: 2, VND: 0 },
  });
  // Every column under its own name, as the models read it by default, but for these, which are the models' defaults too.
  const others = Object.entries(columns ?? {}).flatMap(([role, each]) =>
    Object.entries(each).flatMap(([name, sql]) => (name === sql || name === 'updated_at' ? [] : [[role, name, sql]])),
  );
  expect(others.sort()).toEqual([
    ['currencies', 'loaded_at', 'updated_at'],
    ['merchants', 'loaded_at', 'updated_at'],
    ['transactions', 'destination_fee', '0'],
    ['transactions', 'loaded_at', 'updated_at'],
    ['user_activity', 'loaded_at', 'occurred_at'],
    ['users', 'loaded_at', 'updated_at'],
    ['wallets', 'loaded_at', 'updated_at'],
  ]);
  const seeds = path.join(PROJECT_ROOT, 'dbt', 'seeds');
  for (const seed of ['value_map.csv', 'currency_map.csv']) {
    const proposed = await linesOf(path.join(rendered, 'seeds', seed));
    expect(proposed.length).toBeGreaterThan(5);
    expect(await linesOf(path.join(seeds, seed))).toEqual(expect.arrayContaining([...proposed]));
  }
});
