import fc from 'fast-check';
import { History } from '../../../tools/demo/src/simulator/history';
import { populate } from '../../../tools/demo/src/simulator/population';
import type { TransactionRecord } from '../../../tools/demo/src/simulator/records';
import { moneyText, transactionLine } from '../../../tools/demo/src/simulator/rows';
import { timestampText } from '../../../tools/demo/src/simulator/time';

const END = Date.UTC(2026, 2, 31, 17) * 1_000;

function historyOf(seed: number, rows: number, days: number) {
  const history = new History(populate(seed, rows, days, END), rows, days);
  const transactions: TransactionRecord[] = [];
  for (const record of history.records()) if (record.kind === 'transaction') transactions.push(record);
  return { history, transactions };
}

test('for any seed, size and length: exact count, ids in order of creation, final balances equal movements', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 90 }), (seed, rows, days) => {
      const { history, transactions } = historyOf(seed, rows, days);
      const balances = new Map<number, number>();
      const add = (wallet: number, change: number) => balances.set(wallet, (balances.get(wallet) ?? 0) + change);
      for (const { status, sourceWalletId, destinationWalletId, currency, amount, fee } of transactions) {
        if (status !== 'completed') continue;
        add(sourceWalletId, -(amount + fee));
        add(destinationWalletId, amount);
        add(7 + currency.index, fee);
      }
      expect(transactions.map(({ id }) => id)).toEqual(Array.from({ length: rows }, (_, index) => index + 1));
      for (const [wallet, balance] of balances) expect(history.ledger.available(wallet - 1)).toBe(balance);
      for (const { amount } of transactions) expect(Number.isSafeInteger(amount) && amount > 0).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('a line of history is the same for the same seed, to the byte', () => {
  const lines = () => historyOf(42, 500, 30).transactions.map(transactionLine).join('');
  expect(lines()).toBe(lines());
});

test.each([
  [0, 0, '0'],
  [1_234, 2, '12.34'],
  [5, 2, '0.05'],
  [-5, 2, '-0.05'],
  [-1_234_567, 0, '-1234567'],
  [70, 4, '0.0070'],
  [9_007_199_254_740_991, 2, '90071992547409.91'],
])('%d smallest units at scale %d are %s', (units, scale, text) => {
  expect(moneyText(units, scale)).toBe(text);
});

test('an instant is written to the microsecond, over seconds, minutes and days', () => {
  const at = Date.UTC(2026, 1, 28, 23, 59, 59) * 1_000;
  expect([at, at + 7, at + 999_999, at + 1_000_000, at - 86_399_000_000].map(timestampText)).toEqual([
    '2026-02-28 23:59:59.000000+00',
    '2026-02-28 23:59:59.000007+00',
    '2026-02-28 23:59:59.999999+00',
    '2026-03-01 00:00:00.000000+00',
    '2026-02-28 00:00:00.000000+00',
  ]);
});
