import { parseDocument } from 'yaml';
import type { Mapping } from '../../../mapping/src/file/mapping';
import { parseMapping } from '../../../mapping/src/file/read-mapping';
import { mergeMapping, textOf } from '../../../mapping/src/file/write-mapping';
import { currencyOf } from '../../../mapping/src/model/currency';
import { meaningOfWord } from '../../../mapping/src/model/domains';
import { meaningsOf, transactionTypes, walletKinds } from '../../../mapping/src/propose/codes';
import type { Line } from '../../../mapping/src/file/draft';
import { nameScore } from '../../../mapping/src/propose/names';
import { render } from '../../../mapping/src/render/render';
import { destinationFeeSql, expressionSql } from '../../../mapping/src/wallet/expression';

test.each([
  ['acid_level', ['cid'], 0],
  ['email_verified', ['email'], 0.665],
  ['payerAccountId', ['payer'], 0.665],
  ['wallet_kind', ['kind'], 0.98],
  ['statuses', ['status'], 0],
])('of %s whole words are compared, never parts of them', (column, names, score) => {
  expect(nameScore(column, 'wallets', names)).toBeCloseTo(score, 3);
});

test('codes mean what their words say, in any spelling, and merchant categories what ISO 18245 says', () => {
  expect([
    meaningOfWord('transaction_status', 'CAPTURED'),
    meaningOfWord('transaction_type', 'Cash-In'),
    meaningOfWord('merchant_category', '5411'),
    meaningOfWord('merchant_category', '4131'),
    meaningOfWord('transaction_status', '2'),
  ]).toEqual(['completed', 'top_up', 'groceries', 'transport', undefined]);
});

test('a word and what its rows show must agree: where they do not, the proposal is in doubt and says both', () => {
  const structural = new Map([
    ['done', { meaning: 'failed', confidence: 0.93, because: '100 % have a reason for failure' }],
  ]);
  expect(meaningsOf('transaction_status', [{ value: 'done', rows: 3 }], new Map(), structural)).toEqual([
    {
      value: 'done',
      rows: 3,
      meaning: 'completed',
      confidence: 0.5,
      because: 'by its word; but 100 % have a reason for failure, as failed',
    },
  ]);
});

test('kinds of wallets and types of transactions follow from owners and sides', () => {
  const kinds = walletKinds([
    { value: '1', rows: 100, users: 100, merchants: 0, moved: 90 },
    { value: '2', rows: 10, users: 0, merchants: 10, moved: 10 },
    { value: '3', rows: 2, users: 0, merchants: 0, moved: 2 },
    { value: '4', rows: 2, users: 0, merchants: 0, moved: 0 },
    { value: '5', rows: 10, users: 5, merchants: 5, moved: 0 },
  ]);
  expect([...kinds].map(([value, { meaning }]) => `${value} ${meaning}`)).toEqual([
    '1 customer',
    '2 merchant',
    '3 float',
    '4 fee',
    '5 ',
  ]);
  const types = transactionTypes([
    { value: 'A', rows: 9, payer: 'float', receiver: 'customer', refunds: 0 },
    { value: 'A', rows: 1, payer: 'customer', receiver: 'merchant', refunds: 0 },
    { value: 'B', rows: 5, payer: 'customer', receiver: 'customer', refunds: 5 },
  ]);
  expect([...types].map(([value, { meaning, confidence }]) => `${value} ${meaning} ${confidence}`)).toEqual([
    'A top_up 0.9',
    'B refund 0.93',
  ]);
});

test('currencies are known by letters, number, or name with a scale, and nothing else is one', () => {
  expect(['usd', '414', 'USD/6', 'POINTS', 'KEN'].map(currencyOf)).toEqual([
    { iso: 'USD', digits: 2 },
    { iso: 'KWD', digits: 3 },
    { iso: 'USD', digits: 6 },
    undefined,
    undefined,
  ]);
});

const line = (path: string, value: Line['value']): Line => ({
  path: path.split('.'),
  value,
  confidence: 0.9,
  because: 'so',
});

test('a merge changes its own lines, and neither what a person wrote, nor confirmed, nor took away', () => {
  const first = mergeMapping(undefined, {
    lines: [
      line('wallet.schema', 'raw'),
      line('wallet.ingestion', 'kafka'),
      line('wallet.key_type', 'uuid'),
      line('values.channel.1', 'qr'),
      line('values.channel.2', 'app'),
      line('values.channel.3', 'web'),
    ],
    questions: [{ id: 'wallet_kind', about: 'values.wallet_kind', question: 'Whose?', because: 'so' }],
  });
  const edited = parseDocument(textOf(first.document), { schema: 'failsafe' });
  edited.setIn(['values', 'channel', '1'], 'api');
  edited.deleteIn(['values', 'channel', '2']);
  edited.setIn(['questions', 0, 'answer'], 'yes');
  const second = mergeMapping(parseDocument(edited.toString(), { schema: 'failsafe' }), {
    lines: [
      line('values.channel.1', 'card'),
      line('values.channel.2', 'card'),
      line('values.channel.3', 'card'),
      line('values.channel.4', 'card'),
    ],
    questions: [{ id: 'wallet_kind', about: 'values.wallet_kind', question: 'Whose?', because: 'so' }],
  });
  const mapping = parseMapping(parseDocument(textOf(second.document), { schema: 'failsafe' }), 'mapping.yml');
  expect({
    values: mapping.values.channel,
    added: second.added,
    updated: second.updated,
    kept: second.kept,
    answered: mapping.questions[0]?.answered,
  }).toEqual({
    values: { 1: 'api', 3: 'card', 4: 'card' },
    added: 1,
    updated: 1,
    kept: ['values.channel.1', 'values.channel.2'],
    answered: true,
  });
});

test('a mistyped key of a mapping is refused with the nearest known one', () => {
  const text = 'wallet: { ingestion: kafka, key_type: uuid }\ntables: { user: { table: party } }\n';
  expect(() => parseMapping(parseDocument(text, { schema: 'failsafe' }), 'm.yml')).toThrow(
    'm.yml: `tables.` has an unknown key `user`: did you mean `users`?',
  );
});

test('rows that are states or legs are said with what they need, and what is missing is named', () => {
  const mapped = (transactions: string, wallets = ''): Mapping =>
    parseMapping(
      parseDocument(
        `wallet: { ingestion: kafka, key_type: text }\ntables: { transactions: { table: t, ${transactions} }, wallets: { table: w${wallets} } }\n`,
        { schema: 'failsafe' },
      ),
      'm.yml',
    );
  const operationsOf = (mapping: Mapping): unknown =>
    (parseDocument(render(mapping, undefined)['vars.yml'] ?? '').toJS() as Record<string, unknown>).ewallet_operations;
  expect([
    operationsOf(mapped('states: { operation: parent, order: made_at, parts: yes }')),
    operationsOf(mapped('legs: { operation: journal, wallet: account, amount: -amount, charge_when: type = 4 }')),
    operationsOf(mapped('rows: a > 1')),
    mapped('rows: a > 1', ', virtual: [float, fee]').tables.wallets?.virtual,
  ]).toEqual([
    { kind: 'states', operation: 'parent', order: 'made_at', parts: true },
    { kind: 'legs', operation: 'journal', wallet: 'account', amount: '-amount', charge_when: 'type = 4' },
    {},
    ['float', 'fee'],
  ]);
  expect(() => mapped('legs: { operation: journal, amount: amount }')).toThrow(
    'm.yml: `tables.transactions`.legs needs operation, wallet and amount: what a row adds to its wallet, negative where it takes away.',
  );
  expect(() => mapped('states: { operation: a, order: b }, legs: { operation: a, wallet: b, amount: c }')).toThrow(
    'm.yml: `tables.transactions` has states and legs: a row is one or the other.',
  );
  expect(() => mapped('rows: a', ', virtual: [agent]')).toThrow('must be float or fee');
});

test('who pays the fee becomes the receiver’s part of it, in SQL that holds any value', () => {
  expect(destinationFeeSql({ kind: 'source' }, 'fee')).toBe('0');
  expect(destinationFeeSql({ kind: 'destination' }, 'fee')).toBe('fee');
  expect(
    destinationFeeSql({ kind: 'by_column', column: 'bearer', values: { "O'R": 'destination', S: 'split' } }, 'fee'),
  ).toBe(`case cast(bearer as text) when 'O''R' then fee when 'S' then fee / 2.0 else 0 end`);
  expect(expressionSql({ kind: 'lookup', table: 'Party', key: 'id', by: 'order', take: 'from' }, 'raw')).toBe(
    `(select looked_up."from" from "raw"."Party" as looked_up where looked_up.id = source_rows."order" limit 1)`,
  );
});

test('render gives every column that staging reads, null where the wallet has none, and quotes values for CSV', () => {
  const mapping: Mapping = {
    schema: 'raw',
    ingestion: 'kafka',
    keyType: 'uuid',
    sourceTimeZone: '',
    reportingTimeZone: 'UTC',
    reportingCurrency: 'USD',
    exchangeRatesFile: undefined,
    tables: {
      wallets: { table: 'w', rows: undefined, deletedWhen: undefined, columns: { id: { kind: 'sql', sql: 'key' } } },
    },
    feePaidBy: { kind: 'source' },
    entries: undefined,
    values: { channel: { 'a,"b"': 'app', unknown: '' } },
    currencies: { '840': { iso: 'USD', divisor: 100, rate: '1' } },
    controlTotals: [],
    questions: [],
  };
  const files = render(mapping, undefined);
  expect(files['seeds/value_map.csv']).toBe('domain,from_value,to_value\nchannel,"a,""b""",app\n');
  expect(files['seeds/currency_map.csv']).toBe('from_currency,to_currency,minor_unit_divisor\n840,USD,100\n');
  expect(files['seeds/exchange_rates.csv']).toBe('currency,valid_from,rate_to_usd\nUSD,2000-01-01,1\n');
  const dated = 'currency,valid_from,rate_to_usd\nUSD,2026-01-01,1\n';
  expect(render(mapping, dated)['seeds/exchange_rates.csv']).toBe(dated);
  const vars = parseDocument(files['vars.yml'] ?? '').toJS() as Record<string, unknown>;
  expect(vars.ewallet_absent).toEqual(['currencies', 'users', 'merchants', 'transactions', 'user_activity']);
  expect(vars.ewallet_columns).toEqual({
    wallets: {
      id: 'key',
      kind: 'null',
      currency: 'null',
      balance: '0',
      status: 'null',
      created_at: 'null',
      updated_at: 'null',
      user_id: 'null',
      merchant_id: 'null',
    },
  });
});
