import { inputOf, inputTypes } from '../../../realtime/src/inputs/input-types';

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
  inputOf('transactions', 'public.transactions', key('int'), value(more));

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
    moneyScale: 8,
  });
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
  expect(() => inputOf('transactions', 't', key('long'), { type: 'record', name: 'v', fields })).toThrow(
    'Topic t has no column "fee", which real-time results need.',
  );
  const other = { type: 'record', name: 'k', fields: [{ name: 'code', type: 'string' }] };
  expect(() => inputOf('transactions', 't', other, value())).toThrow('need a key of the one column "id"; it is code.');
});
