import { inLines, sentence } from '../../../metabase/page/src/words';

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

it.each([
  ['100 to 1,000', 8, '100 to\n1,000'],
  ['1,000 and over', 8, '1,000\nand over'],
  ['Empty', 4, 'Empty'],
  ['1 to 10', 8, '1 to 10'],
  ['', 8, ''],
])('the name %j in lines of %d letters is %j', (name, letters, lines) => {
  expect(inLines(name, letters)).toBe(lines);
});
