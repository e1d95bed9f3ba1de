import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expectSuccess } from '../dbt/run-dbt';
import { totalsFromTheBackOffice } from './mobile-money-totals';
import { walletWalk, type WalletWalk } from './wallet-walk';

jest.setTimeout(600_000);

let wallet: WalletWalk;

beforeAll(async () => {
  wallet = await walletWalk('mobile-money', 'core');
});

afterAll(async () => {
  await wallet.end();
});

test('propose finds tables, columns, owners, code tables and who pays the fee, and asks what it cannot know', async () => {
  const result = await wallet.propose();
  expect({ code: result.code, open: openOf(result.stdout) }).toEqual({
    code: 1,
    open: [
      'wallet_kind',
      'transaction_status',
      'channel',
      'wallet_status',
      'user_status',
      'merchant_status',
      'activity_event',
      'scale.TZS',
      'scale.KES',
      'scale.UGX',
      'reporting',
      'direction',
    ].sort(),
  });
  const { tables, entries, values, currencies } = await wallet.mapping();
  expect(tables).toEqual({
    users: {
      table: 'party',
      rows: 'party_type in (1)',
      deleted_when: 'deleted_at is not null',
      columns: {
        id: 'id',
        full_name: 'legal_name',
        email: 'email',
        phone: 'msisdn',
        date_of_birth: 'dob',
        country: 'country_iso3',
        kyc_tier: 'kyc_level',
        kyc_verified_at: 'kyc_at',
        status: 'state',
        created_at: 'created_ts',
        loaded_at: 'updated_ts',
      },
    },
    currencies: {
      table: 'ccy',
      columns: { code: 'code', name: 'label', scale: 'exponent', loaded_at: "timestamp '2000-01-01'" },
    },
    merchants: {
      table: 'merchant_profile',
      columns: {
        id: 'party_id',
        name: 'brand',
        category: 'mcc',
        city: 'town',
        fee_rate: 'mdr_bps / 10000.0',
        loaded_at: 'updated_ts',
        country: { lookup: 'party', key: 'id', by: 'party_id', take: 'country_iso3' },
        created_at: { lookup: 'party', key: 'id', by: 'party_id', take: 'created_ts' },
        status: { lookup: 'party', key: 'id', by: 'party_id', take: 'state' },
      },
    },
    wallets: {
      table: 'account',
      deleted_when: 'deleted_at is not null',
      columns: {
        id: 'id',
        kind: 'class',
        currency: 'ccy',
        balance: 'balance_minor',
        status: 'state',
        created_at: 'opened_ts',
        updated_at: 'updated_ts',
        loaded_at: 'updated_ts',
        user_id: 'case when class = 1 then party_id end',
        merchant_id: 'case when class = 2 then party_id end',
      },
    },
    transactions: {
      table: 'payment_order',
      deleted_when: 'deleted_at is not null',
      fee_paid_by: { column: 'fee_bearer', values: { P: 'source', R: 'destination' } },
      columns: {
        id: 'id',
        type: 'kind',
        status: 'state',
        channel: 'channel',
        currency: 'ccy',
        amount: 'amount_minor',
        fee: 'fee_minor',
        source_wallet_id: 'payer_account',
        destination_wallet_id: 'payee_account',
        refund_of_id: 'original_order',
        created_at: 'created_ts',
        settled_at: 'settled_ts',
        loaded_at: 'updated_ts',
        failure_reason: { lookup: 'fail_code', key: 'code', by: 'fail_code', take: 'meaning' },
      },
    },
    user_activity: {
      table: 'device_session',
      columns: {
        id: 'id',
        user_id: 'party_id',
        event: 'action',
        device: 'device_model',
        ip: 'ip',
        occurred_at: 'at',
        loaded_at: 'at',
      },
    },
  });
  expect(entries).toEqual({
    table: 'ledger_entry',
    transaction_id: 'order_id',
    wallet_id: 'account_id',
    amount: "case when cast(direction as text) = 'C' then amount_minor else -amount_minor end",
  });
  expect(values).toMatchObject({
    wallet_kind: { 1: 'customer', 2: 'merchant', 3: 'float', 4: 'fee' },
    transaction_type: { 10: 'top_up', 20: 'transfer', 30: 'payment', 40: 'withdrawal', 50: 'refund' },
    transaction_status: { 1: 'pending', 2: 'completed', 8: 'pending', 9: 'failed' },
    channel: { 1: '', 2: '', 3: '' },
    merchant_category: { 5411: 'groceries', 5812: 'food', 4900: 'utilities', 4111: 'transport' },
  });
  expect(currencies).toEqual({
    KES: { iso: 'KES', minor_unit_divisor: '100', rate_to_usd: '' },
    TZS: { iso: 'TZS', minor_unit_divisor: '100', rate_to_usd: '' },
    UGX: { iso: 'UGX', minor_unit_divisor: '1', rate_to_usd: '' },
  });
});

test('check names what is missing with its rows, and answers alone leave scale, direction and statuses open', async () => {
  const before = await wallet.check();
  expect(before.code).toBe(1);
  expect(before.stdout).toMatch(/values\.channel\.3: [\d,]+ rows: no meaning is given/);
  await wallet.answer();
  const result = await wallet.check();
  expect({ code: result.code, open: openOf(result.stdout), wrong: wrongOf(result.stdout) }).toEqual({
    code: 1,
    open: ['direction', 'scale.KES', 'scale.TZS', 'scale.UGX', 'transaction_status'],
    wrong: [],
  });
  expect(result.stdout).toContain('0 control totals match; every balance is what its transactions add up to.');
});

test('a control total that does not match says both figures; those that match close the questions', async () => {
  const totals = await totalsFromTheBackOffice(wallet.client);
  await wallet.edit((document) => {
    document.set('control_totals', [{ ...totals.payments[0], amount: '1.5' }]);
  });
  const off = await wallet.check();
  expect(off.code).toBe(1);
  expect(off.stdout).toMatch(
    /control_totals\.0: [\d,]+ rows: payment completed in KES: [\d.]+ by the mapping, 1\.5 by your figure/,
  );
  await wallet.edit((document) => {
    document.set('control_totals', [...totals.payments, totals.wallet]);
  });
  const result = await wallet.check();
  expect({ code: result.code, text: result.stdout.trim().split('\n').slice(-2) }).toEqual({
    code: 0,
    text: [
      '4 control totals match; every balance is what its transactions add up to.',
      'The mapping is right as far as the tables and your figures tell.',
    ],
  });
});

test('a second run of propose leaves every line that a person wrote, confirmed or took away', async () => {
  const before = await wallet.mapping();
  await wallet.edit((document) => {
    document.setIn(['tables', 'users', 'columns', 'full_name'], "concat(legal_name, ' ')");
    document.deleteIn(['tables', 'user_activity', 'columns', 'ip']);
  });
  const result = await wallet.propose();
  expect({ code: result.code, first: result.stdout.split('\n')[0] }).toEqual({
    code: 0,
    first: expect.stringMatching(
      /0 lines added, 0 changed, \d+ of yours kept though the tables say otherwise$/,
    ) as string,
  });
  const after = await wallet.mapping();
  expect(after.values).toEqual(before.values);
  expect(after.currencies).toEqual(before.currencies);
  expect(after.control_totals).toEqual(before.control_totals);
  expect(after.tables).toMatchObject({ users: { columns: { full_name: "concat(legal_name, ' ')" } } });
  expect(Object.keys((after.tables as { user_activity: { columns: object } }).user_activity.columns)).not.toContain(
    'ip',
  );
});

test.each([
  [
    'the sender pays every fee',
    ['tables', 'transactions', 'fee_paid_by'],
    'source',
    /entries: [\d,]+ rows: entries differ from what the mapping says that transactions move/,
  ],
  [
    'the scale is wrong',
    ['currencies', 'KES', 'minor_unit_divisor'],
    '1',
    /control_totals\.\d: .* by the mapping, [\d.]+ by your figure/,
  ],
  [
    'expired counts as completed',
    ['values', 'transaction_status', '8'],
    'completed',
    /values\.transaction_status\.8: \d+ rows: count as completed, and the ledger has no entry of them/,
  ],
  [
    'merchants count as customers',
    ['tables', 'users', 'rows'],
    'party_type in (2)',
    /tables\.wallets\.columns\.user_id: [\d,]+ rows: name no row of users/,
  ],
  [
    'a code has no meaning',
    ['values', 'transaction_type', '40'],
    '',
    /values\.transaction_type\.40: \d+ rows: no meaning is given/,
  ],
  [
    'a column is not there',
    ['tables', 'users', 'columns', 'email'],
    'e_mail',
    /tables\.users\.columns\.email: does not run: column "e_mail" does not exist/,
  ],
])('check finds it where %s', async (_, line, value, said) => {
  const right = await readFile(wallet.file, 'utf8');
  await wallet.edit((document) => {
    document.setIn(line, value);
  });
  const result = await wallet.check();
  await writeFile(wallet.file, right);
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(said);
});

test('check says by which rule for fees the balances would agree', async () => {
  const right = await readFile(wallet.file, 'utf8');
  await wallet.edit((document) => {
    document.setIn(['tables', 'transactions', 'fee_paid_by', 'values'], { P: 'destination', R: 'source' });
  });
  const result = await wallet.check();
  await writeFile(wallet.file, right);
  expect(result.stdout).toMatch(
    /[\d,]+ rows: more wallets would agree if fee_paid_by were the other way round: then all do/,
  );
});

test('render writes over nothing that a person made or changed', async () => {
  expect(await wallet.render()).toMatchObject({ code: 0 });
  expect(await wallet.render()).toMatchObject({ code: 0 });
  const seed = path.join(wallet.folder, 'dbt', 'seeds', 'exchange_rates.csv');
  const written = await readFile(seed, 'utf8');
  await writeFile(seed, `${written}KES,2026-01-01,0.0078\n`);
  const refused = await wallet.render();
  expect({ code: refused.code, said: refused.stderr }).toEqual({
    code: 2,
    said: `ewallet-mapping: ${seed} was changed since render wrote it. Bring the change into the mapping, or move the file away; nothing was written.\n`,
  });
  await writeFile(seed, written);
});

test('dbt builds from the rendered folder, its tests pass, and the marts equal the wallet’s own figures', async () => {
  expectSuccess(await wallet.dbt(['build', '--exclude', 'test_type:unit'], { strict_reconciliation: true }));
  const figures = await wallet.figures();
  expect(Object.keys(figures.wallet).length).toBeGreaterThan(20);
  expect(figures.marts).toEqual(figures.wallet);
});

test('explain follows one transaction from its row to the mart', async () => {
  const { rows } = await wallet.client.query<{ id: string; amount: string; fee: string }>(
    `select id, (amount_minor / 100.0)::numeric(20, 2) as amount, (fee_minor / 100.0)::numeric(20, 2) as fee
     from core.payment_order where kind = 30 and state = 2 and ccy = 'KES' and fee_minor > 0 order by id limit 1`,
  );
  const [payment] = rows;
  const { stdout } = await wallet.explain(payment?.id ?? '');
  const trimmed = (text: string | undefined): string => String(Number(text));
  expect(stdout).toContain(
    `a payment, completed, of ${trimmed(payment?.amount)} KES, fee ${trimmed(payment?.fee)}, of which the receiver pays ${trimmed(payment?.fee)}`,
  );
  expect(stdout).toContain(`moves: the sender −${trimmed(payment?.amount)}, the receiver`);
  expect(stdout).toMatch(
    /In marts\.fct_transactions:\n {2}transaction_type payment, transaction_status completed, currency KES/,
  );
  expect((await wallet.explain('00000000-0000-0000-0000-000000000000')).stderr).toContain(
    'payment_order has no row with the key',
  );
});

/** Names of open questions in a report. */
function openOf(text: string): readonly string[] {
  const [, list = ''] = /questions are open:\n((?: {2}.*\n)*)/.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([\w.]+):/gm)].map(([, id = '']) => id).sort();
}

function wrongOf(text: string): readonly string[] {
  const [, list = ''] = /\d+ wrong:\n((?: {2}.*\n)*)/.exec(text) ?? [];
  return list.split('\n').filter((line) => line !== '');
}
