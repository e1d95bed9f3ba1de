import { expectEqualRows } from '../../support/audit/equal-rows';
import { expectSuccess } from '../dbt/run-dbt';
import { totalsFromTheBackOffice } from './mobile-money-totals';
import { walletWalkThroughKafka } from './wallet-walk';

jest.setTimeout(600_000);

/** What the figures are read from; the whole build with its tests is mobile-money.test.ts's. */
const MARTS = ['dim_users', 'dim_merchants', 'dim_currencies', 'reconciliation', 'failure_reasons'];

let wallet: Awaited<ReturnType<typeof walletWalkThroughKafka>>;

beforeAll(async () => {
  wallet = await walletWalkThroughKafka('mobile-money', 'core');
});

afterAll(async () => {
  await wallet.end();
});

test('a stranger’s wallet goes through Kafka row for row, and the marts of its mapping equal its own figures', async () => {
  const streams = ['account', 'ccy', 'device_session', 'fail_code', 'ledger_entry', 'merchant_profile', 'party'];
  await expectEqualRows(
    wallet.pipeline,
    [...streams, 'payment_order'].map((table) => `core.${table}`),
  );
  await wallet.pipeline.stopSink();
  expect(await wallet.propose()).toMatchObject({ code: 1 });
  await wallet.answer();
  const { payments, wallet: one } = await totalsFromTheBackOffice(wallet.pipeline.source);
  await wallet.edit((document) => {
    document.set('control_totals', [...payments, one]);
  });
  const { code, stdout } = await wallet.check();
  expect({ code, said: code === 0 ? '' : stdout }).toEqual({ code: 0, said: '' });
  expect(await wallet.render()).toMatchObject({ code: 0 });
  const select = MARTS.map((model) => `+${model}`);
  const only = ['--select', ...select, '--exclude-resource-type', 'test', 'unit_test'];
  expectSuccess(await wallet.dbt(['build', ...only], { strict_reconciliation: true }));
  const figures = await wallet.figures();
  expect(Object.keys(figures.wallet).length).toBeGreaterThan(20);
  expect(figures.marts).toEqual(figures.wallet);
  const { rows } = await wallet.client.query(
    'select check_name, subject, currency from marts.reconciliation where not is_reconciled',
  );
  expect(rows).toEqual([]);
});
