import { inputOf, inputTypes, neededBy } from '../../../realtime/src/inputs/input-types';

const key = (type: unknown): unknown => ({ type: 'record', name: 'k', fields: [{ name: 'id', type }] });
const decimal = (precision: number, scale: number): unknown => [
  'null',
  { type: 'bytes', logicalType: 'decimal', precision, scale },
];
const time = ['null', { type: 'long', logicalType: 'timestamp-micros' }];
const columns: Readonly<Record<string, unknown>> = {
  id: ['null', 'int'],
  type: ['null', 'string'],
  status: ['null', 'string'],
  source_wallet_id: ['null', { type: 'string', logicalType: 'uuid' }],
  destination_wallet_id: ['null', { type: 'string', logicalType: 'uuid' }],
  currency: ['null', 'string'],
  amount: decimal(18, 2),
  fee: decimal(20, 8),
  channel: ['null', 'string'],
  created_at: time,
  settled_at: time,
};
const value = (more: Readonly<Record<string, unknown>> = {}): unknown => ({
  type: 'record',
  name: 'v',
  fields: Object.entries({ ...columns, ...more }).map(([name, type]) => ({ name, type })),
});
const read = (more?: Readonly<Record<string, unknown>>): ReturnType<typeof inputOf> =>
  inputOf('transactions', needed('transactions'), 'public.transactions', { key: key('int'), value: value(more) });
const needed = (name: 'transactions' | 'owners'): readonly string[] =>
  neededBy(['minute_volumes', 'alerts']).get(name) ?? [];

test('columns are typed as the writer has them: decimals with their own scale, integers wide enough to grow', () => {
  const input = read();
  expect(Object.fromEntries(input.columns)).toMatchObject({
    id: 'BIGINT',
    source_wallet_id: 'STRING',
    amount: 'DECIMAL(18, 2)',
    fee: 'DECIMAL(20, 8)',
    created_at: 'BIGINT',
  });
  expect(inputTypes([input])).toEqual({
    transactionId: 'BIGINT',
    userId: 'BIGINT',
    walletId: 'STRING',
    merchantId: 'BIGINT',
    sessionId: 'BIGINT',
    moneyScale: 8,
    balanceScale: 8,
  });
});

test('a balance with more decimal places than amounts leaves the places of other results as they are', () => {
  const fields = {
    id: ['null', 'int'],
    kind: ['null', 'string'],
    user_id: ['null', 'string'],
    currency: ['null', 'string'],
  };
  const wallets = inputOf('balances', neededBy(['balance_checks']).get('balances') ?? [], 'w', {
    key: key('int'),
    value: {
      type: 'record',
      name: 'v',
      fields: Object.entries({ ...fields, balance: decimal(30, 10), updated_at: time }).map(([name, type]) => ({
        name,
        type,
      })),
    },
  });
  expect(inputTypes([read(), wallets])).toMatchObject({ userId: 'STRING', moneyScale: 8, balanceScale: 10 });
});

test('a stream is read with the columns that the chosen results need, and no others', () => {
  expect([...neededBy(['minute_volumes']).keys()]).toEqual(['transactions']);
  expect(needed('owners')).toEqual(['id', 'kind', 'user_id']);
  const all = neededBy(['sessions', 'transaction_events']);
  expect([...all.keys()]).toEqual(['transactions', 'owners', 'customers', 'merchants', 'activity']);
  expect(all.get('owners')).toEqual(['id', 'kind', 'user_id', 'merchant_id']);
  expect(all.get('activity')).toEqual(['id', 'user_id', 'event', 'occurred_at', 'session_id']);
  expect(all.get('transactions')).toContain('failure_reason');
  expect(needed('transactions')).not.toContain('failure_reason');
});

test.each([
  [
    { amount: ['null', 'double'] },
    'column "amount" is of type double; it must be a numeric with a precision of at most 38',
  ],
  [{ created_at: ['null', 'long'] }, 'column "created_at" is of type int64; it must be a timestamp'],
  [{ type: ['null', 'long'] }, 'column "type" is of type int64; it must be text'],
])('%j cannot be read exactly, and is refused by name', (more, message) => {
  expect(() => read(more)).toThrow(`Topic public.transactions: ${message}`);
});

test('a missing column, and a key that is not "id", are refused by name', () => {
  const fields = Object.entries(columns)
    .filter(([name]) => name !== 'fee')
    .map(([name, type]) => ({ name, type }));
  expect(() =>
    inputOf('transactions', needed('transactions'), 't', {
      key: key('long'),
      value: { type: 'record', name: 'v', fields },
    }),
  ).toThrow('Topic t has no column "fee", which real-time results need.');
  const other = { type: 'record', name: 'k', fields: [{ name: 'code', type: 'string' }] };
  expect(() => inputOf('transactions', needed('transactions'), 't', { key: other, value: value() })).toThrow(
    'need a key of the one column "id"; it is code.',
  );
});
