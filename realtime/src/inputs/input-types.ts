import { describeWriterSchema, type ColumnKind } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { ProductName } from '../config/realtime-config';
import type { IdType } from '../products/column';

/** What a column is read as. Integers are read as BIGINT, so that a column that grows from int to long still fits. */
export type Reading = 'id' | 'text' | 'money' | 'time';

/**
 * The streams that are read, and of each the columns that results need. Of wallets only what stays the same for good: a
 * balance changes with each transaction, and a change of what is joined writes every joined row again.
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
    },
  },
  owners: { stream: 'wallets', columns: { id: 'id', kind: 'text', user_id: 'id' } },
  activity: { stream: 'user_activity', columns: { id: 'id', user_id: 'id', event: 'text', occurred_at: 'time' } },
} as const satisfies Readonly<Record<string, { readonly stream: string; readonly columns: Record<string, Reading> }>>;

export type InputName = keyof typeof INPUTS;

/** The inputs that a result reads. */
export const NEEDED: Readonly<Record<ProductName, readonly InputName[]>> = {
  minute_volumes: ['transactions'],
  wallet_velocity: ['transactions'],
  alerts: ['transactions', 'owners', 'activity'],
};

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
  /** Decimal places of amounts and fees. */
  readonly moneyScale: number;
}

/**
 * The columns that results need, typed as the topic's writer has them: a decimal read with another scale would be wrong
 * by powers of ten, and silently.
 *
 * @throws Failure config_error naming a column that is missing, or that is of a type that cannot be read as needed
 */
export function inputOf(name: InputName, topic: string, keySchema: unknown, valueSchema: unknown): Input {
  const keys = describeWriterSchema(keySchema).columns.map((column) => column.name);
  if (keys.length !== 1 || keys[0] !== 'id') {
    throw Failure.config(
      `Topic ${topic}: real-time results need a key of the one column "id"; it is ${keys.join(', ') || 'empty'}. Give the stream the primary key "id", and sync it with deduplication.`,
    );
  }
  const kinds = new Map(describeWriterSchema(valueSchema).columns.map((column) => [column.name, column.kind]));
  const columns = Object.entries<Reading>(INPUTS[name].columns).map(([column, reading]): [string, string] => {
    const kind = kinds.get(column);
    if (kind === undefined) {
      throw Failure.config(
        `Topic ${topic} has no column "${column}", which real-time results need. Sync that column, or leave out the results that need it ("products").`,
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
  const scales = [column('transactions', 'amount'), column('transactions', 'fee')].map((type) =>
    Number(/, (\d+)\)$/.exec(type ?? '')?.[1] ?? 0),
  );
  return {
    transactionId: id('transactions', 'id'),
    walletId: id('transactions', 'source_wallet_id'),
    userId: id('owners', 'user_id'),
    moneyScale: Math.max(...scales),
  };
}
