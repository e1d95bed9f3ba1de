import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT, runCommand } from '../../support/command';
import { connectedTo, freshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

const EXAMPLE = path.join(PROJECT_ROOT, 'dbt', 'examples', 'another-wallet');
/** Columns that the example's author wrote in other words for the same values, and those that the models take as null. */
const IN_OTHER_WORDS = new Set(['users.kyc_tier', 'wallets.status', 'currencies.loaded_at']);

interface Proposed {
  readonly tables: Readonly<
    Record<string, { readonly table: string; readonly columns: Readonly<Record<string, string>> }>
  >;
  readonly currencies: unknown;
  readonly values: unknown;
}

test('propose arrives at the mapping that the worked example’s author wrote by hand', async () => {
  const database = await freshDatabase((await services()).warehouse, 'mapping');
  const folder = await mkdtemp(path.join(tmpdir(), 'ewallet-mapping-'));
  try {
    const client = await connectedTo(database);
    await client.query('create schema purse_db; set search_path = purse_db');
    for (const name of ['wallet.sql', 'transfer_with_state.sql', 'data.sql']) {
      await client.query(await readFile(path.join(EXAMPLE, name), 'utf8'));
    }
    await client.end();
    const file = path.join(folder, 'mapping.yml');
    const result = await runCommand(
      'ewallet-mapping',
      ['propose', '--url-env', 'URL', '--schema', 'purse_db', '--out', file],
      {
        env: { URL: database.url },
      },
    );
    expect({ code: result.code, open: /\d+ questions are open/.exec(result.stdout)?.[0] }).toEqual({
      code: 1,
      open: '10 questions are open',
    });
    const proposed = parse(await readFile(file, 'utf8'), { schema: 'failsafe' }) as Proposed;
    const byHand = parse(await readFile(path.join(EXAMPLE, 'vars.yml'), 'utf8')) as {
      ewallet_tables: Record<string, string>;
      ewallet_columns: Record<string, Record<string, string>>;
    };
    const tables = Object.fromEntries(Object.entries(proposed.tables).map(([role, { table }]) => [role, table]));
    expect(tables).toEqual(byHand.ewallet_tables);
    const columns = (of: (role: string) => Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(byHand.ewallet_columns).flatMap(([role, names]) =>
          Object.entries(names)
            .filter(([name, sql]) => sql !== 'null' && !IN_OTHER_WORDS.has(`${role}.${name}`))
            .map(([name]) => [`${role}.${name}`, of(role)[name] ?? 'not found']),
        ),
      );
    expect(columns((role) => proposed.tables[role]?.columns ?? {})).toEqual(
      columns((role) => byHand.ewallet_columns[role] ?? {}),
    );
    expect(proposed.currencies).toMatchObject({
      '840': { iso: 'USD', minor_unit_divisor: '100' },
      '414': { iso: 'KWD', minor_unit_divisor: '1000' },
      '704': { iso: 'VND', minor_unit_divisor: '1' },
    });
    expect(proposed.values).toMatchObject({
      wallet_kind: { H: 'customer', S: 'merchant', O: 'float', F: 'fee' },
      transaction_status: { CAPTURED: 'completed', HELD: 'held', REJECTED: 'failed' },
      channel: { phone: 'app', terminal: 'qr', 'cash point': 'agent' },
    });
  } finally {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});
