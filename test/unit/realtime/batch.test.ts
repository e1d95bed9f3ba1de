import { batchCheck } from '../../../realtime/src/verify/batch';
import { compareRows } from '../../../realtime/src/verify/compare';

const HOUR = 3_600_000_000;
const HALF_AN_HOUR = HOUR / 2;
const minute = (at: number, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...{ minute: at, type: 'payment', status: 'completed', currency: 'USD', transactions: 1, amount: '0.1', fee: null },
  ...more,
});

/** Hours of a time zone that is half an hour off UTC's. */
const hourOf = (at: string): string => String(Math.floor((Number(at) - HALF_AN_HOUR) / HOUR) * HOUR + HALF_AN_HOUR);

test('minutes are summed up by the local hour that they lie in, exactly, before 1970 too', () => {
  const check = batchCheck('minute_volumes', 'marts');
  const rows = [
    minute(1.5 * HOUR),
    minute(2.5 * HOUR - 60_000_000, { transactions: 2n, amount: '90071992547409.9301', fee: '0.2' }),
    minute(2.5 * HOUR),
    minute(-0.5 * HOUR - 60_000_000),
    minute(1.5 * HOUR, { currency: 'PHP' }),
  ];
  expect(check.minutes(rows)).toEqual(
    [1.5 * HOUR, 2.5 * HOUR - 60_000_000, 2.5 * HOUR, -0.5 * HOUR - 60_000_000].map(String),
  );
  const hour = (at: number, currency: string, more: readonly [string, string, string]): Record<string, string> => {
    const [transactions, amount, fee] = more;
    return { hour: String(at), type: 'payment', status: 'completed', currency, transactions, amount, fee };
  };
  const expected = [
    hour(1.5 * HOUR, 'USD', ['3', '90071992547410.0301', '0.2000']),
    hour(2.5 * HOUR, 'USD', ['1', '0.1000', '0']),
    hour(-1.5 * HOUR, 'USD', ['1', '0.1000', '0']),
    hour(1.5 * HOUR, 'PHP', ['1', '0.1000', '0']),
  ];
  expect(compareRows(expected, check.rollUp(rows, hourOf), check)).toEqual([]);
  expect(compareRows(expected, check.rollUp(rows.slice(1), hourOf), check)).toEqual([
    {
      key: `hour=${1.5 * HOUR} type=payment status=completed currency=USD`,
      kind: 'different',
      columns: ['transactions', 'amount'],
    },
  ]);
});

test("a customer's sessions are summed up, and a wallet is compared as it is", () => {
  const sessions = batchCheck('sessions', 'marts');
  const visit = { customer_id: 7, events: 3, logins: 1, pin_failures: 1 };
  const expected = [{ customer_id: '7', events: '6', logins: '2', pin_failures: '2' }];
  expect(compareRows(expected, sessions.rollUp([visit, visit], hourOf), sessions)).toEqual([]);
  const balances = batchCheck('balance_checks', 'marts');
  expect(
    compareRows(
      [{ wallet_id: '1', movements: '2.5000' }],
      balances.rollUp([{ wallet_id: 1, movements: '2.6' }], hourOf),
      balances,
    ),
  ).toEqual([{ key: 'wallet_id=1', kind: 'different', columns: ['movements'] }]);
});
