import type { ColumnProfile, TableProfile } from '../database/profile';
import { currencyOf } from '../model/currency';
import { COLUMNS, TABLE_NAMES, type Role } from '../model/roles';
import { nameScore, tableNameScore } from './names';
import type { Reference } from './references';

/** A table for a role, with what speaks for it. */
export interface Choice {
  readonly table: TableProfile;
  readonly score: number;
  readonly because: string;
  readonly alternatives: readonly string[];
}

export interface Tables {
  /** One table may be found to hold a second role later on. */
  readonly roles: Partial<Record<Role, Choice>>;
  /** The wallet's own bookings. */
  readonly entries: TableProfile | undefined;
  /** Child rows of transactions, one for each state that they went through. */
  readonly steps: TableProfile | undefined;
}

/** Tables for the roles, each from what the ones before it are: transactions have two wallets, wallets have owners. */
export function chooseTables(tables: readonly TableProfile[], references: readonly Reference[]): Tables {
  const to = (table: string, parent: string): readonly Reference[] =>
    references.filter((each) => each.table === table && each.parent === parent && each.parent !== each.table);
  const money = (table: TableProfile): number =>
    Math.max(
      0,
      ...table.columns
        .filter((column) => column.family === 'integer' || column.family === 'decimal')
        .map((column) => nameScore(column.name, table.name, namesOf('transactions', 'amount'))),
    );

  const pairs = tables.flatMap((table) =>
    tables.flatMap((parent) => {
      const sides = new Set(to(table.name, parent.name).map((each) => each.column));
      if (sides.size < 2 || money(table) < 0.35) return [];
      // Of a table and a view of it with a status the view can be mapped.
      const hasStatus = table.columns.some(
        (column) => nameScore(column.name, table.name, namesOf('transactions', 'status')) > 0.8,
      );
      const score =
        (hasStatus ? 0.4 : 0.25) +
        0.3 * tableNameScore(table.name, TABLE_NAMES.transactions) +
        0.3 * tableNameScore(parent.name, TABLE_NAMES.wallets);
      return [{ table, parent, sides: [...sides], score }];
    }),
  );
  pairs.sort((a, b) => b.score - a.score || b.table.rows - a.table.rows);
  const [pair] = pairs;
  const used = new Set<string>();
  const roles: Partial<Record<Role, Choice>> = {};
  const choose = (role: Role, ranked: readonly Choice[]): void => {
    const sorted = ranked
      .filter((each) => each.score >= 0.4 && !used.has(each.table.name))
      .sort((a, b) => b.score - a.score);
    const [best, ...others] = sorted;
    if (best === undefined) return;
    used.add(best.table.name);
    roles[role] = {
      ...best,
      alternatives: others.slice(0, 3).map((each) => `${each.table.name} ${each.score.toFixed(2)}`),
    };
  };

  if (pair !== undefined) {
    choose('transactions', [
      {
        table: pair.table,
        score: pair.score,
        because: `${pair.sides.join(' and ')} are both keys of ${pair.parent.name}, and it has an amount`,
        alternatives: [],
      },
    ]);
    choose('wallets', [
      {
        table: pair.parent,
        score: pair.score,
        because: `both sides of ${pair.table.name} refer to it`,
        alternatives: [],
      },
    ]);
  } else {
    choose(
      'transactions',
      tables.map((table) => byName(table, 'transactions', money(table) > 0.35 ? 0.2 : -1)),
    );
    choose(
      'wallets',
      tables.map((table) => byName(table, 'wallets', 0)),
    );
  }
  choose(
    'currencies',
    tables.flatMap((table) => currencyTable(table)),
  );

  const wallets = roles.wallets?.table.name ?? '';
  const transactions = roles.transactions?.table.name ?? '';
  // Several entries name one transaction: a table that has each once is the transactions again, as a view of them is.
  const severalOf = (table: TableProfile): boolean =>
    to(table.name, transactions).some(
      (each) => table.columns.find((column) => column.name === each.column)?.unique === false,
    );
  const entries = tables.find(
    (table) => !used.has(table.name) && severalOf(table) && to(table.name, wallets).length > 0 && money(table) > 0.35,
  );
  if (entries !== undefined) used.add(entries.name);
  const steps = tables.find(
    (table) =>
      !used.has(table.name) &&
      to(table.name, transactions).length > 0 &&
      table.columns.some(
        (column) =>
          nameScore(column.name, table.name, namesOf('transactions', 'status')) > 0.8 && column.values.length > 1,
      ),
  );
  if (steps !== undefined) used.add(steps.name);

  choose(
    'users',
    tables.map((table) => {
      const seen = table.columns.filter(
        (column) => column.looks.email > 0.9 || column.looks.phone > 0.9 || isBirthDate(column, table),
      );
      const owns = references.some((each) => each.table === wallets && each.parent === table.name);
      const merchantly = tableNameScore(table.name, TABLE_NAMES.merchants) > 0.5 ? -0.4 : 0;
      const score =
        0.4 * tableNameScore(table.name, TABLE_NAMES.users) +
        0.15 * Math.min(seen.length, 2) +
        (owns ? 0.3 : 0) +
        merchantly;
      return {
        table,
        score: Math.min(score, 0.97),
        because: [
          ...(owns ? [`${wallets} refers to it`] : []),
          ...(seen.length > 0 ? [`${seen.map((column) => column.name).join(', ')} by their values`] : ['its name']),
        ].join('; '),
        alternatives: [],
      };
    }),
  );
  choose(
    'merchants',
    tables.map((table) => {
      const trade = table.columns.some(
        (column) => nameScore(column.name, table.name, namesOf('merchants', 'category')) > 0.8,
      );
      return byName(table, 'merchants', trade ? 0.25 : 0, trade ? 'its name, and it has a category' : 'its name');
    }),
  );
  const users = roles.users?.table.name ?? '';
  choose(
    'user_activity',
    tables.map((table) => {
      const refers = to(table.name, users).length > 0;
      const timed = table.columns.some((column) => column.family === 'instant');
      return byName(table, 'user_activity', refers && timed ? 0.25 : -1, `its name, and ${users} by key and time`);
    }),
  );
  return { roles, entries, steps };
}

function byName(table: TableProfile, role: Role, more: number, because = 'its name'): Choice {
  const name = tableNameScore(table.name, TABLE_NAMES[role]);
  return { table, score: name === 0 ? 0 : Math.min(0.95, 0.7 * name + more), because, alternatives: [] };
}

function currencyTable(table: TableProfile): readonly Choice[] {
  if (table.rows === 0 || table.rows > 400) return [];
  const key = table.columns.find(
    (column) => column.unique && column.values.length > 0 && shareOfCurrencies(column) > 0.6,
  );
  if (key === undefined) return [];
  return [
    {
      table,
      score: 0.9 + 0.07 * Math.min(1, tableNameScore(table.name, TABLE_NAMES.currencies)),
      because: `${key.name} is unique and holds ISO 4217 codes`,
      alternatives: [],
    },
  ];
}

/** The share of rows of a column whose value is an ISO 4217 currency. */
export function shareOfCurrencies(column: ColumnProfile): number {
  const all = column.values.reduce((sum, each) => sum + each.rows, 0);
  const known = column.values.reduce((sum, each) => sum + (currencyOf(each.value) === undefined ? 0 : each.rows), 0);
  return all === 0 ? 0 : known / all;
}

function isBirthDate(column: ColumnProfile, table: TableProfile): boolean {
  return column.family === 'instant' && nameScore(column.name, table.name, namesOf('users', 'date_of_birth')) > 0.8;
}

function namesOf(role: Role, column: string): readonly string[] {
  return COLUMNS[role].find((each) => each.name === column)?.names ?? [];
}
