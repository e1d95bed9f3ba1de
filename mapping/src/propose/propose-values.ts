import type { Row } from '../database/database';
import { DOMAINS, type Domain } from '../model/domains';
import type { Role } from '../model/roles';
import { labelsIn, livingStatuses, meaningsOf, transactionStatuses, transactionTypes, walletKinds } from './codes';
import { add, columnOf, lookupSql, tableOf, type Context } from './context';
import { rowsOf } from '../model/shown';
import { nameScore } from './names';

type Structural = ReadonlyMap<
  string,
  { readonly meaning: string; readonly confidence: number; readonly because: string }
>;

const NOTHING: Structural = new Map();

/** Lines for every value of every code, each with what speaks for its meaning, and one question for each code. */
export async function proposeValues(context: Context): Promise<void> {
  const kinds = await walletKindEvidence(context);
  const kindOf = await propose(context, { role: 'wallets', name: 'kind', domain: 'wallet_kind', structural: kinds });
  await propose(context, {
    role: 'transactions',
    name: 'type',
    domain: 'transaction_type',
    structural: await typeEvidence(context, kindOf),
  });
  await propose(context, {
    role: 'transactions',
    name: 'status',
    domain: 'transaction_status',
    structural: await statusEvidence(context),
  });
  await propose(context, { role: 'transactions', name: 'channel', domain: 'channel', structural: NOTHING });
  await proposeStatuses(context, 'wallets', 'wallet_status', 'frozen');
  await proposeStatuses(context, 'users', 'user_status', 'suspended');
  await proposeStatuses(context, 'merchants', 'merchant_status', 'suspended');
  await propose(context, { role: 'merchants', name: 'category', domain: 'merchant_category', structural: NOTHING });
  await propose(context, { role: 'user_activity', name: 'event', domain: 'activity_event', structural: NOTHING });
}

interface ValuesToPropose {
  readonly role: Role;
  readonly name: string;
  readonly domain: Domain;
  readonly structural: Structural;
}

/** The meanings by value, as they were proposed. */
async function propose(
  context: Context,
  { role, name, domain, structural }: ValuesToPropose,
): Promise<ReadonlyMap<string, string>> {
  const counts = await valueCounts(context, role, name);
  if (counts.length === 0) return new Map();
  const meanings = meaningsOf(domain, counts, await labelsOf(context, role, name), structural);
  for (const each of meanings) {
    add(context, {
      path: ['values', domain, each.value],
      value: each.meaning,
      confidence: each.confidence,
      because: `${rowsOf(each.rows)}; ${each.because}`,
    });
  }
  // Words that say what they mean need no answer, but those of money do: a status is not open to doubt until totals match.
  const sure = meanings.every((each) => each.confidence >= 0.9);
  if (!sure || domain === 'transaction_status') {
    context.questions.push({
      id: domain,
      about: `values.${domain}`,
      question: `${DOMAINS[domain].question} One of: ${Object.keys(DOMAINS[domain].values).join(', ')}.`,
      because: meanings
        .map(
          (each) => `${each.value} ${each.meaning === '' ? '?' : each.meaning} (${rowsOf(each.rows)}: ${each.because})`,
        )
        .join('; '),
    });
  }
  return new Map(meanings.map((each) => [each.value, each.meaning]));
}

async function proposeStatuses(context: Context, role: Role, domain: Domain, rest: string): Promise<void> {
  const counts = await valueCounts(context, role, 'status');
  await propose(context, { role, name: 'status', domain, structural: livingStatuses(counts, rest) });
}

/** The SQL that was proposed for a column: a lookup as a subquery. */
function expressionOf(context: Context, role: Role, name: string): string | undefined {
  const line = context.lines.find((each) => each.path.join('.') === `tables.${role}.columns.${name}`);
  if (line === undefined) return undefined;
  if (typeof line.value === 'string') return line.value;
  return 'lookup' in line.value ? lookupSql(context, line.value) : undefined;
}

async function valueCounts(
  context: Context,
  role: Role,
  name: string,
): Promise<readonly { readonly value: string; readonly rows: number }[]> {
  const expression = expressionOf(context, role, name);
  const table = tableOf(context, role);
  if (expression === undefined || table === undefined) return [];
  const rows = await context.database.rows(
    `Counting the values of ${table.name}.${name}`,
    `select value, count(*) as rows from (select cast(${expression} as text) as value from ${table.sql} as source_rows
     where ${context.rows[role] ?? 'true'}) as counted where value is not null group by 1 order by 2 desc, 1 limit 400`,
  );
  return rows.map((row) => ({ value: row.value ?? '', rows: Number(row.rows) }));
}

/** The labels of a code that has a table of its own. */
async function labelsOf(context: Context, role: Role, name: string): Promise<ReadonlyMap<string, string>> {
  const column = context.columns[role]?.get(name)?.column.name;
  const table = tableOf(context, role)?.name;
  const known = new Set(Object.values(context.tables.roles).map((choice) => choice.table.name));
  const reference = context.references.find(
    (each) => each.table === table && each.column === column && !known.has(each.parent),
  );
  const parent = context.profiles.find((each) => each.name === reference?.parent);
  if (reference === undefined || parent === undefined || parent.rows > 200) return new Map();
  const label = [...parent.columns]
    .filter((each) => each.family === 'text' && each.name !== reference.key)
    .sort(
      (a, b) =>
        nameScore(b.name, parent.name, ['name', 'label', 'meaning', 'title']) -
        nameScore(a.name, parent.name, ['name', 'label', 'meaning', 'title']),
    )[0];
  return label === undefined
    ? new Map()
    : labelsIn(context.database, context.schema, { table: parent.name, key: reference.key, label: label.sql });
}

async function walletKindEvidence(context: Context): Promise<Structural> {
  const wallets = tableOf(context, 'wallets');
  const kind = columnOf(context, 'wallets', 'kind');
  const id = columnOf(context, 'wallets', 'id');
  if (wallets === undefined || kind === undefined || id === undefined) return NOTHING;
  const owner = (role: 'users' | 'merchants', column: string): string => {
    const reference = expressionOf(context, 'wallets', column);
    const table = tableOf(context, role);
    const key = columnOf(context, role, 'id');
    if (reference === undefined || table === undefined || key === undefined) return 'false';
    return `(${reference}) in (select ${key} from ${table.sql} where ${context.rows[role] ?? 'true'})`;
  };
  const transactions = tableOf(context, 'transactions');
  const [from, to] = ['source_wallet_id', 'destination_wallet_id'].map((name) =>
    columnOf(context, 'transactions', name),
  );
  const moved =
    transactions === undefined || from === undefined || to === undefined
      ? 'false'
      : `source_rows.${id} in (select ${from} from ${transactions.sql} union select ${to} from ${transactions.sql})`;
  const rows = await context.database.rows(
    'Looking at kinds of wallets',
    `select cast(${kind} as text) as value, count(*) as rows, count(*) filter (where ${owner('users', 'user_id')}) as users,
       count(*) filter (where ${owner('merchants', 'merchant_id')}) as merchants, count(*) filter (where ${moved}) as moved
     from ${wallets.sql} as source_rows where ${kind} is not null group by 1`,
  );
  return walletKinds(
    rows.map((row) => ({
      value: row.value ?? '',
      rows: Number(row.rows),
      users: Number(row.users),
      merchants: Number(row.merchants),
      moved: Number(row.moved),
    })),
  );
}

async function typeEvidence(context: Context, kinds: ReadonlyMap<string, string>): Promise<Structural> {
  const transactions = tableOf(context, 'transactions');
  const wallets = tableOf(context, 'wallets');
  const type = columnOf(context, 'transactions', 'type');
  const [from, to] = ['source_wallet_id', 'destination_wallet_id'].map((name) =>
    columnOf(context, 'transactions', name),
  );
  const [id, kind] = [columnOf(context, 'wallets', 'id'), columnOf(context, 'wallets', 'kind')];
  if (
    transactions === undefined ||
    wallets === undefined ||
    type === undefined ||
    from === undefined ||
    to === undefined ||
    id === undefined ||
    kind === undefined
  )
    return NOTHING;
  const refund = columnOf(context, 'transactions', 'refund_of_id');
  const rows = await context.database.rows(
    'Looking at types of transactions',
    `select moved.type as value, payer.kind as payer, receiver.kind as receiver, count(*) as rows, count(moved.refund_of) as refunds
     from (
       select cast(${type} as text) as type, ${from} as source, ${to} as destination, ${refund ?? 'null'} as refund_of from ${transactions.sql}
     ) as moved
     left join (select ${id} as id, cast(${kind} as text) as kind from ${wallets.sql}) as payer on payer.id = moved.source
     left join (select ${id} as id, cast(${kind} as text) as kind from ${wallets.sql}) as receiver on receiver.id = moved.destination
     where moved.type is not null group by 1, 2, 3`,
  );
  const merged = new Map<string, { value: string; rows: number; payer: string; receiver: string; refunds: number }>();
  for (const row of rows) {
    const payer = kinds.get(row.payer ?? '') ?? '';
    const receiver = kinds.get(row.receiver ?? '') ?? '';
    const key = JSON.stringify([row.value, payer, receiver]);
    const before = merged.get(key) ?? { value: row.value ?? '', rows: 0, payer, receiver, refunds: 0 };
    merged.set(key, { ...before, rows: before.rows + Number(row.rows), refunds: before.refunds + Number(row.refunds) });
  }
  return transactionTypes([...merged.values()]);
}

async function statusEvidence(context: Context): Promise<Structural> {
  const transactions = tableOf(context, 'transactions');
  const status = expressionOf(context, 'transactions', 'status');
  const id = columnOf(context, 'transactions', 'id');
  if (transactions === undefined || status === undefined || id === undefined) return NOTHING;
  const column = (name: string): string | undefined => columnOf(context, 'transactions', name);
  const counted = (condition: string | undefined, name: string): string =>
    condition === undefined ? `null as ${name}` : `count(*) filter (where ${condition}) as ${name}`;
  const entries = context.tables.entries;
  const booking = context.references.find((each) => each.table === entries?.name && each.parent === transactions.name);
  const [settled, failed, created] = [column('settled_at'), column('failure_reason'), column('created_at')];
  const age = (pick: 'min' | 'max'): string =>
    created === undefined ? '0' : `extract(epoch from now() - cast(${pick}(${created}) as timestamptz)) / 86400`;
  const rows: readonly Row[] = await context.database.rows(
    'Looking at statuses of transactions',
    `select ewallet_code as value, count(*) as rows, ${counted(settled === undefined ? undefined : `${settled} is not null`, 'settled')},
       ${counted(failed === undefined ? undefined : `${failed} is not null`, 'failed')},
       ${counted(entries === undefined || booking === undefined ? undefined : `${id} in (select ${booking.column} from ${entries.sql})`, 'booked')},
       ${age('max')} as newest_days, ${age('min')} as oldest_days
     from (select cast(${status} as text) as ewallet_code, source_rows.* from ${transactions.sql} as source_rows) as moved
     where ewallet_code is not null group by ewallet_code`,
  );
  return transactionStatuses(rows);
}
