import { quoteLiteral } from '@ewallet/postgres';
import type { ColumnProfile, TableProfile } from '../database/profile';
import { percent } from '../model/shown';
import { add, columnOf, tableOf, type Context, type FoundOperations } from './context';
import { nameScore, wordsOf } from './names';

/** Of what repeats another row, or of rows with one side, so many must be alike. */
const ALIKE = 0.95;
/** Types whose directions are tried out against balances: two to the power of it sums. */
const TYPES_TRIED = 6;

/** Looks whether a row is an operation, a state of one, or a leg of one; what is no column of its own then is given up. */
export async function findOperations(context: Context): Promise<void> {
  const transactions = tableOf(context, 'transactions');
  const columns = context.columns.transactions;
  if (transactions === undefined || columns === undefined) return;
  const hasSides = columns.has('source_wallet_id') && columns.has('destination_wallet_id');
  const found = hasSides ? await findStates(context, transactions) : await findLegs(context, transactions);
  if (found === undefined) return;
  const without = found.how.kind === 'states' ? ['refund_of_id'] : ['source_wallet_id', 'destination_wallet_id'];
  const isParent =
    found.how.kind === 'legs' ||
    found.how.operation.includes(columnOf(context, 'transactions', 'refund_of_id') ?? '\0');
  context.operations = found;
  context.columns.transactions = new Map([...columns].filter(([name]) => !(isParent && without.includes(name))));
}

/** Lines for what was found, and for the states that flags or rows make. */
export function proposeOperations(context: Context): void {
  const found = context.operations;
  if (found === undefined) return;
  const at = (...path: string[]): readonly string[] => ['tables', 'transactions', ...path];
  const created = columnOf(context, 'transactions', 'created_at');
  if (found.how.kind === 'states') {
    const { operation, order, parts } = found.how;
    add(context, {
      path: at('states'),
      value: { operation, order, parts: parts ? 'yes' : 'no' },
      confidence: found.confidence,
      because: found.because,
    });
    const status = columnOf(context, 'transactions', 'status');
    const ends = context.lines.flatMap(({ path, value }) =>
      path[1] === 'transaction_status' && value !== 'pending' && value !== 'held' && path[2] !== undefined
        ? [quoteLiteral(path[2]).trim()]
        : [],
    );
    if (
      columnOf(context, 'transactions', 'settled_at') === undefined &&
      created !== undefined &&
      status !== undefined &&
      ends.length > 0
    ) {
      const value = `case when ${status} in (${ends.join(', ')}) then ${created} end`;
      add(context, {
        path: at('columns', 'settled_at'),
        value,
        confidence: 0.8,
        because: 'when the row of its last state was written',
      });
    }
    context.questions.push({
      id: 'states',
      about: 'tables.transactions.states',
      question: 'Is each row a state of an operation, so that rows with one `operation` are one transaction?',
      because: found.because,
    });
    return;
  }
  const { operation, wallet, amount } = found.how;
  add(context, {
    path: at('legs'),
    value: { operation, wallet, amount },
    confidence: found.confidence,
    because: found.because,
  });
  context.questions.push({
    id: 'legs',
    about: 'tables.transactions.legs',
    question:
      'Does each row add `amount` to `wallet`, negative where it takes away, and do rows with one `operation` belong together? Which rows are charges (charge_when)?',
    because: found.because,
  });
  if (columnOf(context, 'wallets', 'kind') === undefined) {
    add(context, {
      path: ['tables', 'wallets', 'columns', 'kind'],
      value: `'customer'`,
      confidence: 0.6,
      because: 'no column says it, so all are',
    });
    add(context, {
      path: ['values', 'wallet_kind', 'customer'],
      value: 'customer',
      confidence: 0.97,
      because: 'as the line of the kind says',
    });
  }
  const kinds = context.lines.filter(({ path }) => path[0] === 'values' && path[1] === 'wallet_kind');
  const missing = ['float', 'fee'].filter((kind) => !kinds.some((line) => line.value === kind));
  if (missing.length > 0)
    add(context, {
      path: ['tables', 'wallets', 'virtual'],
      value: missing,
      confidence: 0.8,
      because: `no wallet is of kind ${missing.join(' or ')}`,
    });
}

/** A row that names an earlier one with the same sides and another status is its next state, no refund. */
async function findStates(context: Context, transactions: TableProfile): Promise<FoundOperations | undefined> {
  const of = (name: string): string => columnOf(context, 'transactions', name) ?? 'null';
  const [id, status, source, destination, created] = [
    'id',
    'status',
    'source_wallet_id',
    'destination_wallet_id',
    'created_at',
  ].map(of);
  if (status === 'null' || created === 'null') return undefined;
  const parent = context.references.find(
    (each) => each.table === transactions.name && each.parent === transactions.name,
  );
  const parentColumn = transactions.columns.find((each) => each.name === parent?.column);
  const keys = [
    ...(parentColumn === undefined ? [] : [`coalesce(${parentColumn.sql}, ${id})`]),
    ...transactions.columns
      .filter((column) => mayBeReference(column, transactions, [id, source, destination]))
      .map((column) => column.sql),
  ];
  for (const operation of keys) {
    const row = await context.database.row(
      'Looking for states',
      `select count(*) filter (where rows > 1) as several, count(*) filter (where rows > 1 and sides = 1 and states > 1) as alike,
         count(*) filter (where states < rows) as parted
       from (select count(*) as rows, count(distinct (${source}, ${destination})) as sides, count(distinct ${status}) as states
         from ${transactions.sql} group by ${operation}) as grouped`,
    );
    const [several, alike] = [Number(row.several), Number(row.alike)];
    if (several === 0 || alike < several * ALIKE) continue;
    return {
      how: { kind: 'states', operation, order: created ?? '', parts: Number(row.parted) > 0 },
      confidence: 0.85,
      because: `${percent(alike / several)} of ${several.toLocaleString('en-US')} groups of rows by it have the same sides and different statuses${
        Number(row.parted) > 0
          ? `; ${Number(row.parted).toLocaleString('en-US')} have more rows than statuses: parts`
          : ''
      }`,
    };
  }
  return undefined;
}

/** A column that several rows share, and that is no code. */
function mayBeReference(column: ColumnProfile, table: TableProfile, taken: readonly (string | undefined)[]): boolean {
  return (
    ['text', 'uuid', 'integer'].includes(column.family) &&
    !column.unique &&
    !taken.includes(column.sql) &&
    !column.sql.startsWith('(') &&
    column.values.length === 0 &&
    column.filled > 0 &&
    column.distinct > column.filled * 0.2 &&
    nameScore(column.name, table.name, [
      'reference',
      'transaction',
      'operation',
      'payment',
      'journal',
      'order',
      'group',
      'batch',
      'transfer',
      'entry',
    ]) > 0.4
  );
}

/** Rows that name one wallet: which way they go is told by a sign, a word, or by what adds up to the balances. */
async function findLegs(context: Context, transactions: TableProfile): Promise<FoundOperations | undefined> {
  const wallets = tableOf(context, 'wallets');
  const amount = columnOf(context, 'transactions', 'amount');
  const sides = context.references.filter((each) => each.table === transactions.name && each.parent === wallets?.name);
  const [side] = sides;
  if (wallets === undefined || amount === undefined || side === undefined || sides.length !== 1) return undefined;
  const wallet = transactions.columns.find((each) => each.name === side.column)?.sql ?? '';
  const operation = await journalOf(context, transactions, wallet, amount);
  const signed = await signOf(context, transactions, wallets, { wallet, amount, key: side.key });
  return {
    how: { kind: 'legs', operation, wallet, amount: signed.sql, order: undefined, chargeWhen: undefined },
    confidence: signed.confidence,
    because: `${transactions.name} names one wallet per row (${side.column}); ${signed.because}`,
  };
}

/** The column that rows of one operation share, or the row's own key. */
async function journalOf(
  context: Context,
  transactions: TableProfile,
  wallet: string,
  amount: string,
): Promise<string> {
  const id = columnOf(context, 'transactions', 'id') ?? '';
  for (const column of transactions.columns) {
    if (!mayBeReference(column, transactions, [id, wallet, amount])) continue;
    const row = await context.database.row(
      'Looking for operations',
      `select count(*) filter (where rows > 1 and wallets > 1) as several, count(*) as all
       from (select count(*) as rows, count(distinct ${wallet}) as wallets from ${transactions.sql} where ${column.sql} is not null group by ${column.sql}) as grouped`,
    );
    if (Number(row.several) >= Number(row.all) * 0.5) return column.sql;
  }
  return id;
}

interface Sign {
  readonly sql: string;
  readonly confidence: number;
  readonly because: string;
}

async function signOf(
  context: Context,
  transactions: TableProfile,
  wallets: TableProfile,
  { wallet, amount, key }: { readonly wallet: string; readonly amount: string; readonly key: string },
): Promise<Sign> {
  const column = transactions.columns.find((each) => each.sql === amount);
  if ((column?.looks.negative ?? 0) > 0) return { sql: amount, confidence: 0.9, because: 'amounts have a sign' };
  const code = transactions.columns
    .filter(
      (each) =>
        each.values.length >= 2 &&
        each.values.length <= TYPES_TRIED &&
        ['text', 'integer', 'boolean'].includes(each.family),
    )
    .map((each) => ({
      each,
      score: nameScore(each.name, transactions.name, [
        'type',
        'direction',
        'side',
        'kind',
        'sign',
        'dr_cr',
        'is_credit',
        'is_debit',
      ]),
    }))
    .filter(({ score }) => score > 0.4)
    .sort((a, b) => b.score - a.score)[0]?.each;
  const balance = columnOf(context, 'wallets', 'balance');
  if (code === undefined || balance === undefined)
    return { sql: amount, confidence: 0.2, because: 'nothing says which way a row goes' };
  const values = code.values.map((each) => each.value);
  const bit = values.map((value, index) => `when ${quoteLiteral(value).trim()} then ${index}`).join(' ');
  const best = await context.database.row(
    'Trying directions out',
    `select combination, agreeing, all_wallets from (
       select combination, count(*) as all_wallets, count(*) filter (where held.balance = summed.amount) as agreeing from (
         select combination, wallet, sum(case when (combination >> place) & 1 = 1 then amount else -amount end) as amount
         from (select ${wallet} as wallet, ${amount} as amount, case cast(${code.sql} as text) ${bit} end as place from ${transactions.sql}) as moved
         cross join generate_series(0, ${2 ** values.length - 1}) as combination
         where place is not null group by combination, wallet
       ) as summed join (select ${wallets.columns.find((each) => each.name === key)?.sql ?? key} as wallet, ${balance} as balance from ${wallets.sql}) as held
         on held.wallet = summed.wallet
       group by combination
     ) as tried order by agreeing desc, combination limit 1`,
  );
  const combination = Number(best.combination);
  const added = code.values.filter((_, index) => ((combination >> index) & 1) === 1).map((each) => each.value);
  const share = Number(best.agreeing) / Math.max(Number(best.all_wallets), 1);
  const literals = added.map((value) => (code.family === 'integer' ? value : quoteLiteral(value).trim())).join(', ');
  return {
    sql:
      added.length === 0 ? `-${amount}` : `case when ${code.sql} in (${literals}) then ${amount} else -${amount} end`,
    confidence: 0.9 * share,
    because: `if ${code.name} ${added.join(', ')} adds and the others take away, ${percent(share)} of wallets have the balance that rows add up to`,
  };
}

/** A status made of flags, where no column says it. */
export function proposeFlags(context: Context): void {
  const transactions = tableOf(context, 'transactions');
  if (transactions === undefined || columnOf(context, 'transactions', 'status') !== undefined) return;
  const flags = transactions.columns.filter((column) => column.family === 'boolean');
  const named = (...names: string[]): readonly string[] =>
    flags.filter((column) => wordsOf(column.name).some((word) => names.includes(word))).map((column) => column.sql);
  const failed = named('reversed', 'voided', 'void', 'failed', 'cancelled', 'canceled', 'rejected', 'expired');
  const pending = named('pending', 'held', 'hold');
  const done = named('confirmed', 'approved', 'posted', 'settled', 'completed', 'applied');
  const value = [
    'case',
    ...failed.map((flag) => ` when ${flag} then 'failed'`),
    ...pending.map((flag) => ` when ${flag} then 'pending'`),
    ...done.map((flag) => ` when not ${flag} then 'pending'`),
    ` else 'completed' end`,
  ].join('');
  const used = [...failed, ...pending, ...done];
  add(context, {
    path: ['tables', 'transactions', 'columns', 'status'],
    value: used.length === 0 ? `'completed'` : value,
    confidence: used.length === 0 ? 0.4 : 0.7,
    because: used.length === 0 ? 'no column says it, so all are' : `no column says it; by the flags ${used.join(', ')}`,
  });
  for (const status of [
    'completed',
    ...(failed.length > 0 ? ['failed'] : []),
    ...(pending.length + done.length > 0 ? ['pending'] : []),
  ])
    add(context, {
      path: ['values', 'transaction_status', status],
      value: status,
      confidence: 0.7,
      because: 'as the line of the status says',
    });
  context.questions.push({
    id: 'transaction_status',
    about: 'tables.transactions.columns.status',
    question:
      'Is the status right as the flags make it? Where a reversed row has an opposite row of its own, both count as completed.',
    because: used.length === 0 ? 'there is no status and no flag' : used.join(', '),
  });
}
