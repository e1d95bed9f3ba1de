import { quoteLiteral } from '@ewallet/postgres';
import type { ColumnProfile, TableProfile } from '../database/profile';
import { meaningOfWord } from '../model/domains';
import { chooseColumns } from './choose-columns';
import { add, columnOf, tableOf, type Context } from './context';
import { percent } from '../model/shown';
import { joinedByCode, literals } from './references';
import { nameScore } from './names';

/** Which rows of the customers' table are customers, where it holds merchants too. */
export async function proposeParties(context: Context): Promise<void> {
  const users = tableOf(context, 'users');
  const key = columnOf(context, 'users', 'id');
  if (users === undefined || key === undefined) return;
  const codes = users.columns.filter((column) => column.values.length >= 2 && column.values.length <= 12);
  const merchants = tableOf(context, 'merchants');
  const merchantKey = columnOf(context, 'merchants', 'id');
  if (merchants !== undefined && merchants.name !== users.name && merchantKey !== undefined) {
    const refers = context.references.some(
      (each) => each.table === merchants.name && each.column === merchantKey && each.parent === users.name,
    );
    if (!refers) return;
    for (const column of codes) {
      const found = await joinedByCode(
        context.database,
        { table: users, code: column.sql, reference: key },
        { from: merchants.sql, key: merchantKey },
      );
      const theirs = found.filter((each) => each.joined === each.rows);
      const others = found.filter((each) => each.joined === 0);
      if (theirs.length === 0 || others.length === 0 || theirs.length + others.length < found.length) continue;
      const condition = `${column.sql} in (${literals(
        column,
        others.map((each) => each.value),
      )})`;
      context.rows.users = condition;
      add(context, {
        path: ['tables', 'users', 'rows'],
        value: condition,
        confidence: 0.95,
        because: `every row with ${column.name} ${theirs.map((each) => each.value).join(', ')} is a merchant of ${merchants.name}, no other row is`,
      });
      return;
    }
    return;
  }
  const [kind] = codes
    .map((column) => ({
      column,
      score: nameScore(column.name, users.name, ['kind', 'type', 'role', 'class', 'category', 'party_type']),
    }))
    .filter(
      (each) =>
        each.score > 0.4 &&
        each.column.values.some((value) => meaningOfWord('wallet_kind', value.value) === 'merchant'),
    )
    .sort((a, b) => b.score - a.score);
  if (kind === undefined) return;
  const meant = (meaning: string): readonly string[] =>
    kind.column.values.map((each) => each.value).filter((value) => meaningOfWord('wallet_kind', value) === meaning);
  const both = context.tables.roles.users;
  if (both !== undefined)
    context.tables.roles.merchants = { ...both, because: 'it holds merchants too', alternatives: [] };
  context.columns.merchants = chooseColumns('merchants', users, { references: context.references, parents: {} });
  context.rows.users = condition(kind.column, meant('customer'));
  context.rows.merchants = condition(kind.column, meant('merchant'));
  add(context, {
    path: ['tables', 'users', 'rows'],
    value: context.rows.users,
    confidence: 0.85,
    because: `${kind.column.name} says by its words who is a customer`,
  });
  add(context, {
    path: ['tables', 'merchants', 'rows'],
    value: context.rows.merchants,
    confidence: 0.85,
    because: `${kind.column.name} says by its words who is a merchant`,
  });
  const rest = kind.column.values
    .map((each) => each.value)
    .filter((value) => !['customer', 'merchant'].includes(meaningOfWord('wallet_kind', value) ?? ''));
  if (rest.length > 0) {
    context.questions.push({
      id: 'party_kinds',
      about: 'tables.users.rows',
      question: `Are ${users.name}.${kind.column.name} ${rest.join(', ')} neither customers nor merchants? They are left out of both.`,
      because: rest
        .map((value) => `${value}: ${String(kind.column.values.find((each) => each.value === value)?.rows)} rows`)
        .join('; '),
    });
  }
}

function condition(column: ColumnProfile, values: readonly string[]): string {
  return `${column.sql} in (${literals(column, values)})`;
}

/** How a wallet names its owner, by kind of wallet where one column names customers and merchants. */
export async function proposeOwners(context: Context): Promise<void> {
  const wallets = tableOf(context, 'wallets');
  if (wallets === undefined) return;
  const kind = context.columns.wallets?.get('kind')?.column;
  for (const role of ['users', 'merchants'] as const) {
    const owner = tableOf(context, role);
    const key = context.columns[role]?.get('id')?.column;
    if (owner === undefined || key === undefined) continue;
    const rows = context.rows[role];
    const from = rows === undefined ? owner.sql : `(select * from ${owner.sql} where ${rows})`;
    const column = role === 'users' ? 'user_id' : 'merchant_id';
    const candidates = await ownerColumns(context, { wallets, key, from, kind });
    const [best, ...others] = candidates;
    if (best === undefined) continue;
    add(context, {
      path: ['tables', 'wallets', 'columns', column],
      value: best.sql,
      confidence: best.share * 0.97,
      because: best.because,
      alternatives: others.slice(0, 2).map((each) => each.sql),
    });
  }
}

interface OwnerColumn {
  readonly sql: string;
  readonly share: number;
  readonly because: string;
}

/** A key of owners that a column of the wallets may refer to. */
interface OwnerKey {
  readonly wallets: TableProfile;
  readonly key: ColumnProfile;
  readonly from: string;
  readonly kind: ColumnProfile | undefined;
}

async function ownerColumns(context: Context, { wallets, key, from, kind }: OwnerKey): Promise<readonly OwnerColumn[]> {
  const id = columnOf(context, 'wallets', 'id');
  const found: OwnerColumn[] = [];
  for (const column of wallets.columns) {
    if (
      column.family !== key.family ||
      column.sql === id ||
      column.sql.startsWith('(') ||
      column.filled === 0 ||
      column.looks.upperCode > 0.9
    )
      continue;
    if (
      column.family === 'integer' &&
      !/owner|party|user|customer|merchant|holder|client/.test(column.name.toLowerCase())
    )
      continue;
    const byKind = await joinedByCode(
      context.database,
      { table: wallets, code: kind?.sql ?? `'all'`, reference: column.sql },
      { from, key: key.sql },
    );
    const owned = byKind.filter((each) => each.joined >= each.rows * 0.95 && each.joined > 0);
    if (owned.length === 0) continue;
    const joined = owned.reduce((sum, each) => sum + each.joined, 0);
    const rows = owned.reduce((sum, each) => sum + each.rows, 0);
    // Nobody else's: the column can stand as it is, as the others have no value.
    const alone = joined === column.filled;
    const kinds = owned.map((each) => (kind?.family === 'integer' ? each.value : quoteLiteral(each.value).trim()));
    const [only] = kinds;
    const test =
      kinds.length === 1 ? `${kind?.sql ?? ''} = ${only ?? ''}` : `${kind?.sql ?? ''} in (${kinds.join(', ')})`;
    found.push({
      sql: alone || kind === undefined ? column.sql : `case when ${test} then ${column.sql} end`,
      share: joined / rows,
      because: `${percent(joined / rows)} of ${rows} wallets${alone ? '' : ` of ${kind?.name ?? ''} ${owned.map((each) => each.value).join(', ')}`} are keys of it`,
    });
  }
  return found.sort((a, b) => b.share - a.share);
}
