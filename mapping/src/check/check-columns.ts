import type { CatalogueTable } from '../database/catalogue';
import type { Database } from '../database/database';
import { expressionSql, ROWS } from '../wallet/expression';
import type { WalletSql } from '../wallet/wallet-sql';
import { COLUMNS, ROLES } from '../model/roles';
import { operationColumns, type Operations } from '../file/operations';
import { wrong, type Finding } from './finding';

/** Lines that the server does not take, and tables and columns that are missing: nothing else can be checked before. */
export async function checkColumns(
  database: Database,
  wallet: WalletSql,
  catalogue: readonly CatalogueTable[],
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const role of ROLES) {
    const table = wallet.mapping.tables[role];
    if (table === undefined) {
      if (role === 'users' || role === 'wallets' || role === 'transactions')
        found.push(wrong(`tables.${role}`, 0, 'no table is named'));
      continue;
    }
    if (!catalogue.some((each) => each.name === table.table)) {
      found.push(wrong(`tables.${role}.table`, 0, `schema ${wallet.mapping.schema} has no table ${table.table}`));
      continue;
    }
    const workedOut = role === 'transactions' ? operationColumns(table.operations) : {};
    for (const column of COLUMNS[role]) {
      // The key of a row is needed in any case.
      const isNeeded =
        column.name === 'id' || workedOut[column.name] === undefined || table.operations?.kind === 'states';
      if (column.required === true && isNeeded && table.columns[column.name] === undefined) {
        found.push(wrong(`tables.${role}.columns.${column.name}`, 0, 'is missing'));
      }
    }
    const from = wallet.latest(table.table, '1');
    for (const [name, expression] of Object.entries(table.columns)) {
      const complaint = await database.complaint(
        `select ${expressionSql(expression, wallet.mapping.schema)} as tried from ${from}`,
      );
      if (complaint !== undefined) found.push(wrong(`tables.${role}.columns.${name}`, 0, `does not run: ${complaint}`));
    }
    for (const [name, expression] of operationLines(table.operations)) {
      const complaint = await database.complaint(`select ${expression} as tried from ${from}`);
      if (complaint !== undefined) found.push(wrong(`tables.${role}.${name}`, 0, `does not run: ${complaint}`));
    }
    for (const [name, condition] of [
      ['rows', table.rows],
      ['deleted_when', table.deletedWhen],
    ] as const) {
      const complaint =
        condition === undefined ? undefined : await database.complaint(`select from ${from} where (${condition})`);
      if (complaint !== undefined) found.push(wrong(`tables.${role}.${name}`, 0, `does not run: ${complaint}`));
    }
  }
  if (found.length > 0) return found;
  const whole = [
    ['wallets', wallet.wallets()],
    ['transactions', wallet.transactions()],
  ] as const;
  for (const [role, sql] of whole) {
    const complaint = await database.complaint(sql);
    if (complaint !== undefined)
      found.push(wrong(`tables.${role}`, 0, `does not run as a whole (read as ${ROWS}): ${complaint}`));
  }
  return found;
}

/** The lines of a mapping that say how rows make operations. */
function operationLines(operations: Operations | undefined): readonly (readonly [string, string])[] {
  switch (operations?.kind) {
    case undefined:
      return [];
    case 'states':
      return [
        ['states.operation', operations.operation],
        ['states.order', operations.order],
      ];
    case 'legs':
      return [
        ['legs.operation', operations.operation],
        ['legs.wallet', operations.wallet],
        ['legs.amount', operations.amount],
        ...(operations.order === undefined ? [] : [['legs.order', operations.order] as const]),
        ...(operations.chargeWhen === undefined ? [] : [['legs.charge_when', operations.chargeWhen] as const]),
      ];
  }
}
