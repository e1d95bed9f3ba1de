import { sentence } from '../../../metabase/page/src/chart-option';

it.each([
  ['bank_transfer', 'Bank transfer'],
  ['top_up', 'Top-up'],
  ['pin_failed_burst', 'PIN failed burst'],
  ['ios', 'iOS'],
  ['android', 'Android'],
  ['kyc_limit_exceeded', 'KYC limit exceeded'],
  ['Galaxy A12', 'Galaxy A12'],
])('the code %s reads as %s', (code, words) => {
  expect(sentence(code)).toBe(words);
});
