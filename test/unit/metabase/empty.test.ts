import { emptyMessage } from '../../../metabase/page/src/empty';

it.each([
  ['Who holds how much.', 'Nothing in this period.'],
  [
    'What is owed beside the bank. Empty until bank balances are landed (raw.bank_balances). By double entry it agrees.',
    'Nothing in this period. Empty until bank balances are landed (raw.bank_balances).',
  ],
  [
    'Empty where the wallet has no activity; one row, unknown, where it names no device.',
    'Nothing in this period. Empty where the wallet has no activity; one row, unknown, where it names no device.',
  ],
  [undefined, 'Nothing in this period.'],
])('a card without rows says why, as its description does: %s', (description, message) => {
  expect(emptyMessage(description)).toBe(message);
});
