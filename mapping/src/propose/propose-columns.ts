import type { ColumnProfile, TableProfile } from '../database/profile';
import { ROLES, COLUMNS, type Role } from '../model/roles';
import { chooseColumns, isDeletionMark, type ColumnChoice } from './choose-columns';
import { add, columnOf, tableOf, type Context } from './context';
import { percent } from '../model/shown';
import type { Line, Lookup } from '../file/draft';
import { wordsOf } from './names';

/** Lines for the table of each role and its columns; codes, owners and amounts have their own. */
export function proposeColumns(context: Context, landed: boolean): void {
  for (const role of ROLES) {
    const choice = context.tables.roles[role];
    if (choice === undefined) continue;
    const { table } = choice;
    add(context, {
      path: ['tables', role, 'table'],
      value: table.name,
      confidence: choice.score,
      because: `${choice.because}; ${table.rows.toLocaleString('en-US')} rows`,
      alternatives: choice.alternatives,
    });
    for (const canonical of COLUMNS[role]) {
      const chosen = context.columns[role]?.get(canonical.name);
      if (chosen === undefined) continue;
      if (canonical.name === 'updated_at' && role !== 'wallets') continue;
      add(context, {
        path: ['tables', role, 'columns', canonical.name],
        value: asWanted(role, canonical.name, chosen.column),
        confidence: chosen.score,
        because: chosen.because,
        alternatives: chosen.alternatives,
      });
    }
    const deleted = table.columns.find(
      (column) => isDeletionMark(column) && (column.family === 'instant' || column.family === 'boolean'),
    );
    if (deleted !== undefined) {
      const condition = deleted.family === 'boolean' ? deleted.sql : `${deleted.sql} is not null`;
      add(context, {
        path: ['tables', role, 'deleted_when'],
        value: condition,
        confidence: 0.9,
        because:
          deleted.family === 'boolean'
            ? 'named for it'
            : `named for it, and empty in ${percent(1 - deleted.filled / Math.max(table.rows, 1))} of rows`,
      });
    }
    if (['users', 'merchants', 'wallets'].includes(role) && context.columns[role]?.has('status') !== true) {
      add(context, {
        path: ['tables', role, 'columns', 'status'],
        value: `'active'`,
        confidence: 0.5,
        because: 'no column says it, so all that are not deleted are',
      });
    }
    if (!landed) proposeLoadTime(context, role, table);
  }
  proposeLookups(context);
}

/** An expression that gives what the models want: a fraction of one where the wallet has basis points, a number where it has L2. */
function asWanted(role: Role, name: string, column: ColumnProfile): string {
  const words = wordsOf(column.name);
  if (name === 'fee_rate' && words.some((word) => word === 'bps')) return `${column.sql} / 10000.0`;
  if (name === 'fee_rate' && words.some((word) => word === 'percent' || word === 'pct')) return `${column.sql} / 100.0`;
  if (name === 'tags' && column.family === 'text') return `string_to_array(${column.sql}, ',')`;
  if (name === 'kyc_tier' && column.family === 'text') return `cast(substring(${column.sql} from '[0-9]+') as integer)`;
  if (column.family === 'boolean' && name === 'status') {
    const closed = words.includes('closed') || words.includes('deleted');
    const yes = closed
      ? 'closed'
      : words.includes('active') || words.includes('enabled')
        ? 'active'
        : role === 'wallets'
          ? 'frozen'
          : 'suspended';
    return `case when ${column.sql} then '${yes}' else '${yes === 'active' ? 'closed' : 'active'}' end`;
  }
  return column.sql;
}

/** Without the sink's own clock something must say when a row was last written. */
function proposeLoadTime(context: Context, role: Role, table: TableProfile): void {
  const of = (name: string): string | undefined => columnOf(context, role, name);
  const updated = of('updated_at');
  const column = updated ?? of('settled_at') ?? of('created_at') ?? of('occurred_at');
  const value = column === undefined ? `timestamp '2000-01-01'` : (updated ?? column);
  add(context, {
    path: ['tables', role, 'columns', 'loaded_at'],
    value,
    confidence: updated === undefined ? 0.4 : 0.9,
    because:
      updated === undefined
        ? `${table.name} does not say when a row was last written: rows changed later are seen by --full-refresh only`
        : 'when a row was last written',
  });
}

/** Columns that another table has: a merchant's country in the party that it is, a failure's text in the code table. */
function proposeLookups(context: Context): void {
  const merchants = tableOf(context, 'merchants');
  const merchantKey = columnOf(context, 'merchants', 'id');
  const party = context.references.find((each) => each.table === merchants?.name && each.column === merchantKey);
  const parent = context.profiles.find((each) => each.name === party?.parent);
  if (merchants !== undefined && party !== undefined && parent !== undefined && parent.name !== merchants.name) {
    const there = chooseColumns('merchants', parent, { references: context.references, parents: {} });
    for (const [name, chosen] of there) {
      if (name === 'id' || name === 'updated_at' || context.columns.merchants?.has(name) === true) continue;
      remove(context, ['tables', 'merchants', 'columns', name]);
      lookUp(context, {
        path: ['tables', 'merchants', 'columns', name],
        parent,
        key: party.key,
        by: party.column,
        chosen,
      });
    }
  }
  const reason = context.columns.transactions?.get('failure_reason')?.column;
  const transactions = tableOf(context, 'transactions');
  const codes = context.references.find((each) => each.table === transactions?.name && each.column === reason?.name);
  const codeTable = context.profiles.find((each) => each.name === codes?.parent);
  const label = codeTable?.columns.find((column) => column.family === 'text' && column.name !== codes?.key);
  if (codes !== undefined && codeTable !== undefined && label !== undefined && reason !== undefined) {
    replace(context, {
      path: ['tables', 'transactions', 'columns', 'failure_reason'],
      value: {
        lookup: codeTable.name,
        key: codes.key,
        by: reason.name,
        take: label.name,
      },
      confidence: 0.95,
      because: `${percent(codes.joined)} of its codes are keys of ${codeTable.name}, which has a text for each`,
    });
  }
  const walletCurrency = columnOf(context, 'wallets', 'currency');
  const how = context.operations?.how;
  const source =
    how?.kind === 'legs'
      ? transactions?.columns.find(({ sql }) => sql === how.wallet)
      : context.columns.transactions?.get('source_wallet_id')?.column;
  const wallets = tableOf(context, 'wallets');
  const walletKey = context.columns.wallets?.get('id')?.column;
  if (
    columnOf(context, 'transactions', 'currency') === undefined &&
    walletCurrency !== undefined &&
    source !== undefined &&
    wallets !== undefined &&
    walletKey !== undefined
  ) {
    add(context, {
      path: ['tables', 'transactions', 'columns', 'currency'],
      value: {
        lookup: wallets.name,
        key: walletKey.name,
        by: source.name,
        take: context.columns.wallets?.get('currency')?.column.name ?? '',
      },
      confidence: 0.85,
      because: `${transactions?.name ?? ''} has no currency: that of the wallet that pays`,
    });
  }
}

interface LookupToPropose {
  readonly path: readonly string[];
  readonly parent: TableProfile;
  readonly key: string;
  readonly by: string;
  readonly chosen: ColumnChoice;
}

function lookUp(context: Context, { path, parent, key, by, chosen }: LookupToPropose): void {
  add(context, {
    path,
    value: { lookup: parent.name, key, by, take: chosen.column.name },
    confidence: chosen.score * 0.9,
    because: `${chosen.because}; in ${parent.name}, by ${by}`,
  });
}

function replace(context: Context, line: Line & { readonly value: Lookup }): void {
  remove(context, line.path);
  add(context, line);
}

function remove(context: Context, path: readonly string[]): void {
  const index = context.lines.findIndex((line) => line.path.join('.') === path.join('.'));
  if (index >= 0) context.lines.splice(index, 1);
}
