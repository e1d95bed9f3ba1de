import { count, Failure } from '@ewallet/failure';
import { readCatalogue } from '../database/catalogue';
import type { Database } from '../database/database';
import { profileTable, type TableProfile } from '../database/profile';
import { COLUMNS, ROLES, type Role } from '../model/roles';
import { chooseColumns, type ColumnChoice } from './choose-columns';
import { chooseTables } from './choose-tables';
import { add, lookupSql, tableOf, type Context } from './context';
import type { Draft, Line } from '../file/draft';
import { proposeColumns } from './propose-columns';
import { proposeCurrencies, proposeLedger } from './propose-money';
import { findOperations, proposeFlags, proposeOperations } from './propose-operations';
import { proposeOwners, proposeParties } from './propose-owners';
import { proposeValues } from './propose-values';
import { findReferences } from './references';

/** A mapping for the tables of a schema, as far as they tell, and what they do not tell as questions. */
export async function propose(database: Database, schema: string, say: (progress: string) => void): Promise<Draft> {
  const catalogue = await readCatalogue(database, schema);
  const profiles: TableProfile[] = [];
  for (const table of catalogue) {
    say(`looking at ${table.name}`);
    profiles.push(await profileTable(database, schema, table));
  }
  say('looking keys up');
  const references = await findReferences(database, profiles);
  const tables = chooseTables(profiles, references);
  const parents = Object.fromEntries(Object.entries(tables.roles).map(([role, choice]) => [role, choice.table.name]));
  const columns: Partial<Record<Role, ReadonlyMap<string, ColumnChoice>>> = {};
  for (const role of ROLES) {
    const table = tables.roles[role]?.table;
    if (table !== undefined) columns[role] = chooseColumns(role, table, { references, parents });
  }
  const context: Context = {
    database,
    schema,
    profiles,
    references,
    tables,
    columns,
    rows: {},
    lines: [],
    questions: [],
  };
  const landed = catalogue.some((table) => table.landed);
  proposeWallet(context, landed);
  await findOperations(context);
  await proposeParties(context);
  proposeColumns(context, landed);
  await proposeOwners(context);
  say('looking at codes');
  await proposeValues(context);
  proposeFlags(context);
  proposeOperations(context);
  say('looking at amounts');
  await proposeCurrencies(context);
  await proposeLedger(context);
  askForMissing(context);
  context.questions.push({
    id: 'direction',
    about: 'tables.transactions.columns.source_wallet_id',
    question:
      'Does money leave source_wallet_id and arrive at destination_wallet_id? Give the balance of one wallet as its owner sees it as a control total: it closes this question.',
    because: 'debit and credit are from the bank’s view in some ledgers and from the customer’s in others',
  });
  return { lines: await runnable(context), questions: context.questions };
}

function proposeWallet(context: Context, landed: boolean): void {
  add(context, {
    path: ['wallet', 'schema'],
    value: context.schema,
    confidence: undefined,
    because: 'where the tables are',
  });
  add(context, {
    path: ['wallet', 'ingestion'],
    value: landed ? 'kafka' : 'replica',
    confidence: undefined,
    because: landed ? 'the tables have the columns of sink-warehouse' : 'the tables are as in the e-wallet',
  });
  const keys = ROLES.flatMap((role) => {
    const family = context.columns[role]?.get(role === 'currencies' ? 'code' : 'id')?.column.family;
    return role === 'currencies' || family === undefined ? [] : [family];
  });
  const [first = 'text'] = keys;
  const type = keys.every((key) => key === first)
    ? first === 'uuid'
      ? 'uuid'
      : first === 'integer'
        ? 'bigint'
        : 'text'
    : 'text';
  add(context, {
    path: ['wallet', 'key_type'],
    value: type,
    confidence: 0.97,
    because: `keys are ${[...new Set(keys)].join(' and ')}`,
  });
  const naive = ROLES.flatMap((role) =>
    [...(context.columns[role]?.values() ?? [])].filter(
      ({ column }) => column.type === 'timestamp without time zone' || /^timestamp\(\d\) without/.test(column.type),
    ),
  );
  add(context, {
    path: ['wallet', 'source_time_zone'],
    value: naive.length === 0 ? '' : 'UTC',
    confidence: naive.length === 0 ? 0.97 : 0.4,
    because:
      naive.length === 0
        ? 'timestamps carry their zone'
        : `${count(naive.length, 'column is a wall clock', 'columns are wall clocks')} without a zone`,
  });
  if (naive.length > 0) {
    context.questions.push({
      id: 'source_time_zone',
      about: 'wallet.source_time_zone',
      question: 'In which time zone are the timestamps that carry none?',
      because: naive.map((each) => each.column.name).join(', '),
    });
  }
  add(context, {
    path: ['wallet', 'reporting_time_zone'],
    value: 'UTC',
    confidence: 0.3,
    because: 'where a day begins in reports: Africa/Nairobi, Asia/Jakarta',
  });
}

/** Roles and columns that nothing was found for, without which there is no mapping. */
function askForMissing(context: Context): void {
  for (const role of ['wallets', 'transactions', 'users'] as const) {
    const table = tableOf(context, role);
    if (table === undefined) {
      add(context, { path: ['tables', role, 'table'], value: '', confidence: 0, because: 'no table looks like it' });
      context.questions.push({
        id: `table.${role}`,
        about: `tables.${role}`,
        question: `Which table has the ${role}?`,
        because: 'no table looks like it',
      });
      continue;
    }
    const missing = COLUMNS[role].filter(
      (column) =>
        column.required === true &&
        !(context.operations?.how.kind === 'legs' && role === 'transactions' && column.name.endsWith('_wallet_id')) &&
        !context.lines.some((line) => line.path.join('.') === `tables.${role}.columns.${column.name}`),
    );
    for (const column of missing) {
      add(context, {
        path: ['tables', role, 'columns', column.name],
        value: '',
        confidence: 0,
        because: `no column of ${table.name} looks like it`,
      });
      context.questions.push({
        id: `column.${role}.${column.name}`,
        about: `tables.${role}.columns.${column.name}`,
        question: `Which column of ${table.name} (or which SQL over its columns) is ${column.name}?`,
        because: table.columns.map((each) => each.name).join(', '),
      });
    }
  }
}

/** Every proposal is run before it is shown: what the server does not take is no proposal. */
async function runnable(context: Context): Promise<readonly Line[]> {
  const kept: Line[] = [];
  for (const line of context.lines) {
    const [section, role, part] = line.path;
    const table = section === 'tables' ? tableOf(context, role as Role) : undefined;
    if (
      table === undefined ||
      part === 'table' ||
      part === 'fee_paid_by' ||
      part === 'states' ||
      part === 'legs' ||
      part === 'virtual' ||
      line.value === ''
    ) {
      kept.push(line);
      continue;
    }
    const expression =
      typeof line.value === 'string' ? line.value : 'lookup' in line.value ? lookupSql(context, line.value) : 'null';
    const sql =
      part === 'columns'
        ? `select ${expression} as tried from ${table.sql} as source_rows`
        : `select from ${table.sql} as source_rows where ${expression}`;
    const complaint = await context.database.complaint(sql);
    if (complaint === undefined) kept.push(line);
    else
      throw Failure.system(
        `The proposal for ${line.path.join('.')} does not run: ${complaint}. Please report it, with the table's definition.`,
      );
  }
  return kept;
}
