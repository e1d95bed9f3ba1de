import { describeWriterSchema, type ColumnKind } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { ProductName } from '../config/realtime-config';

/** How a key is typed in Flink's SQL. */
export type IdType = 'BIGINT' | 'STRING';

/** What a column is read as. Integers are read as BIGINT, so that a column that grows from int to long still fits. */
export type Reading = 'id' | 'text' | 'money' | 'time';

/**
 * The streams that are read, and of each the columns that results may need. Of owners only what stays the same for good: a
 * balance changes with each transaction, and a change of what is joined writes every joined row again. So balances are an
 * input of their own.
 */
export const INPUTS = {
  transactions: {
    stream: 'transactions',
    columns: {
      id: 'id',
      type: 'text',
      status: 'text',
      source_wallet_id: 'id',
      destination_wallet_id: 'id',
      currency: 'text',
      amount: 'money',
      fee: 'money',
      channel: 'text',
      created_at: 'time',
      settled_at: 'time',
      failure_reason: 'text',
    },
  },
  owners: { stream: 'wallets', columns: { id: 'id', kind: 'text', user_id: 'id', merchant_id: 'id' } },
  balances: {
    stream: 'wallets',
    columns: { id: 'id', kind: 'text', user_id: 'id', currency: 'text', balance: 'money', updated_at: 'time' },
  },
  customers: { stream: 'users', columns: { id: 'id', country: 'text' } },
  merchants: { stream: 'merchants', columns: { id: 'id', category: 'text', country: 'text' } },
  activity: {
    stream: 'user_activity',
    columns: { id: 'id', user_id: 'id', event: 'text', occurred_at: 'time', session_id: 'id' },
  },
} as const satisfies Readonly<Record<string, { readonly stream: string; readonly columns: Record<string, Reading> }>>;

export type InputName = keyof typeof INPUTS;

type Columns<Name extends InputName> = readonly (keyof (typeof INPUTS)[Name]['columns'])[];

const TRANSACTIONS: Columns<'transactions'> = [
  ...(['id', 'type', 'status', 'source_wallet_id', 'destination_wallet_id', 'currency', 'amount', 'fee'] as const),
  ...(['channel', 'created_at', 'settled_at'] as const),
];
const OWNERS: Columns<'owners'> = ['id', 'kind', 'user_id'];
const ACTIVITY: Columns<'activity'> = ['id', 'user_id', 'event', 'occurred_at'];

/** The inputs that a result reads, and their columns. */
const NEEDED: Readonly<Record<ProductName, { readonly [Name in InputName]?: Columns<Name> }>> = {
  minute_volumes: { transactions: TRANSACTIONS },
  wallet_velocity: { transactions: TRANSACTIONS },
  alerts: { transactions: TRANSACTIONS, owners: OWNERS, activity: ACTIVITY },
  transaction_events: {
    transactions: [...TRANSACTIONS, 'failure_reason'],
    owners: [...OWNERS, 'merchant_id'],
    customers: ['id', 'country'],
    merchants: ['id', 'category', 'country'],
  },
  balance_checks: {
    transactions: TRANSACTIONS,
    balances: ['id', 'kind', 'user_id', 'currency', 'balance', 'updated_at'],
  },
  sessions: { transactions: TRANSACTIONS, owners: OWNERS, activity: [...ACTIVITY, 'session_id'] },
};

/** What the chosen results read: each input once, with the columns that any of them needs. */
export function neededBy(products: readonly ProductName[]): ReadonlyMap<InputName, readonly string[]> {
  const needed = new Map<InputName, readonly string[]>();
  for (const name of Object.keys(INPUTS) as InputName[]) {
    const wanted = new Set<string>(products.flatMap((product) => NEEDED[product][name] ?? []));
    const columns = Object.keys(INPUTS[name].columns).filter((column) => wanted.has(column));
    if (columns.length > 0) needed.set(name, columns);
  }
  return needed;
}

/** SQL types of an input's columns, by name. */
export type InputColumns = ReadonlyMap<string, string>;

export interface Input {
  readonly name: InputName;
  readonly topic: string;
  readonly keyType: IdType;
  readonly columns: InputColumns;
}

export interface InputTypes {
  readonly transactionId: IdType;
  readonly walletId: IdType;
  readonly userId: IdType;
  readonly merchantId: IdType;
  readonly sessionId: IdType;
  /** Decimal places of amounts and fees. */
  readonly moneyScale: number;
  /** Decimal places of balances, amounts and fees. */
  readonly balanceScale: number;
}

/**
 * The columns that results need, typed as the topic's writer has them: a decimal read with another scale would be wrong
 * by powers of ten, and silently.
 *
 * @throws Failure config_error naming a column that is missing, or that is of a type that cannot be read as needed
 */
export function inputOf(
  name: InputName,
  needed: readonly string[],
  topic: string,
  schemas: { readonly key: unknown; readonly value: unknown },
): Input {
  const keys = describeWriterSchema(schemas.key).columns.map((column) => column.name);
  if (keys.length !== 1 || keys[0] !== 'id') {
    throw Failure.config(
      `Topic ${topic}: real-time results need a key of the one column "id"; it is ${keys.join(', ') || 'empty'}. Give the stream the primary key "id", and sync it with deduplication.`,
    );
  }
  const kinds = new Map(describeWriterSchema(schemas.value).columns.map((column) => [column.name, column.kind]));
  const readings = Object.entries<Reading>(INPUTS[name].columns).filter(([column]) => needed.includes(column));
  const columns = readings.map(([column, reading]): [string, string] => {
    const kind = kinds.get(column);
    if (kind === undefined) {
      throw Failure.config(
        `Topic ${topic} has no column "${column}", which real-time results need. Sync that column, or leave out the results that need it (\`products\`).`,
      );
    }
    return [column, sqlTypeOf(kind, reading, `Topic ${topic}: column "${column}"`)];
  });
  const types = new Map(columns);
  return { name, topic, keyType: types.get('id') === 'STRING' ? 'STRING' : 'BIGINT', columns: types };
}

function sqlTypeOf(kind: ColumnKind, reading: Reading, where: string): string {
  const wrong = (wanted: string): Failure => Failure.config(`${where} is of type ${kind.kind}; it must be ${wanted}.`);
  switch (reading) {
    case 'id':
      if (kind.kind === 'int32' || kind.kind === 'int64') return 'BIGINT';
      if (kind.kind === 'text' || kind.kind === 'uuid') return 'STRING';
      throw wrong('a whole number, a UUID or text');
    case 'text':
      if (kind.kind === 'text') return 'STRING';
      throw wrong('text');
    case 'money':
      if (kind.kind === 'decimal' && kind.precision <= 38) return `DECIMAL(${kind.precision}, ${kind.scale})`;
      throw wrong('a numeric with a precision of at most 38 and a scale');
    case 'time':
      if (kind.kind === 'timestamptz' || kind.kind === 'timestamp') return 'BIGINT';
      throw wrong('a timestamp');
    default:
      return reading satisfies never;
  }
}

/** How the e-wallet types what results carry: identifiers and money. What is not read has no say. */
export function inputTypes(inputs: readonly Input[]): InputTypes {
  const column = (input: InputName, name: string): string | undefined =>
    inputs.find((candidate) => candidate.name === input)?.columns.get(name);
  const id = (input: InputName, name: string): IdType => (column(input, name) === 'STRING' ? 'STRING' : 'BIGINT');
  const scaleOf = (input: InputName, name: string): number =>
    Number(/, (\d+)\)$/.exec(column(input, name) ?? '')?.[1] ?? 0);
  const moneyScale = Math.max(scaleOf('transactions', 'amount'), scaleOf('transactions', 'fee'));
  return {
    transactionId: id('transactions', 'id'),
    walletId: id('transactions', 'source_wallet_id'),
    userId: column('owners', 'user_id') === undefined ? id('balances', 'user_id') : id('owners', 'user_id'),
    merchantId: id('owners', 'merchant_id'),
    sessionId: id('activity', 'session_id'),
    moneyScale,
    balanceScale: Math.max(moneyScale, scaleOf('balances', 'balance')),
  };
}
