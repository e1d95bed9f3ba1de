import { stringify } from 'yaml';
import { COLUMNS, ROLES, type Role } from '../model/roles';
import { currencyOf } from '../model/currency';
import type { Mapping } from '../file/mapping';
import { operationColumns, type Operations } from '../file/operations';
import { destinationFeeSql, expressionSql } from '../wallet/expression';

/** Files by their path within the folder that dbt is pointed at. */
export type Rendered = Readonly<Record<string, string>>;

/**
 * What dbt takes for a mapping: its variables, and the seeds that hold maps and rates.
 *
 * @param rates the person's own dated rates (currency,valid_from,rate_to_usd), or undefined for those of the mapping
 */
export function render(mapping: Mapping, rates: string | undefined): Rendered {
  return {
    'vars.yml': variables(mapping),
    'seeds/value_map.csv': csv(
      ['domain', 'from_value', 'to_value'],
      Object.entries(mapping.values).flatMap(([domain, values]) =>
        Object.entries(values).flatMap(([from, to]) => (to === '' ? [] : [[domain, from, to]])),
      ),
    ),
    'seeds/currency_map.csv': csv(
      ['from_currency', 'to_currency', 'minor_unit_divisor'],
      Object.entries(mapping.currencies).map(([name, each]) => [name, each.iso ?? '', String(each.divisor ?? 1)]),
    ),
    'seeds/exchange_rates.csv': rates ?? ratesOf(mapping),
  };
}

/** A rate for each currency from the beginning of time: they are one rate, until the person has dated ones. */
function ratesOf(mapping: Mapping): string {
  const rates = new Map(
    Object.values(mapping.currencies).flatMap((each) =>
      each.iso === undefined || each.rate === undefined ? [] : [[each.iso, each.rate] as const],
    ),
  );
  return csv(
    ['currency', 'valid_from', 'rate_to_usd'],
    [...rates].map(([iso, rate]) => [iso, '2000-01-01', rate]),
  );
}

function variables(mapping: Mapping): string {
  const present = ROLES.filter((role) => mapping.tables[role] !== undefined);
  const pick = <T>(take: (role: Role) => T | undefined): Readonly<Record<string, T>> =>
    Object.fromEntries(present.flatMap((role) => (take(role) === undefined ? [] : [[role, take(role) as T]])));
  const vars = {
    ewallet_ingestion: mapping.ingestion,
    ewallet_schemas: { [mapping.ingestion]: mapping.schema },
    ewallet_source_time_zone: mapping.sourceTimeZone,
    key_type: mapping.keyType,
    reporting_time_zone: mapping.reportingTimeZone,
    reporting_currency: mapping.reportingCurrency,
    ewallet_tables: pick((role) => mapping.tables[role]?.table),
    ewallet_absent: ROLES.filter((role) => mapping.tables[role] === undefined),
    ewallet_filters: pick((role) => mapping.tables[role]?.rows),
    ewallet_deleted_when: pick((role) => mapping.tables[role]?.deletedWhen),
    ewallet_columns: pick((role) => columnsOf(mapping, role)),
    ewallet_operations: operationsOf(mapping.tables.transactions?.operations),
    ewallet_virtual_wallets: mapping.tables.wallets?.virtual ?? [],
    ewallet_currency_digits: Object.fromEntries(
      Object.values(mapping.currencies).flatMap(({ iso = '' }): [string, number][] => {
        const digits = currencyOf(iso)?.digits;
        return digits === undefined ? [] : [[iso, digits]];
      }),
    ),
  };
  return `# dbt's variables for this wallet, written by \`ewallet-mapping render\`: change mapping.yml and render again.\n${stringify(vars, { lineWidth: 0 })}`;
}

/** Every column that staging reads: what the wallet does not have is null, as the default is a column of that name. */
function columnsOf(mapping: Mapping, role: Role): Readonly<Record<string, string>> {
  const own = mapping.tables[role]?.columns ?? {};
  const names = new Set([...COLUMNS[role].map((column) => column.name), ...Object.keys(own)]);
  if (role === 'wallets') for (const owner of ['user_id', 'merchant_id']) names.add(owner);
  const columns = [...names].map((name): [string, string] => {
    const expression = own[name];
    if (expression !== undefined) return [name, expressionSql(expression, mapping.schema)];
    return [name, name === 'fee' || name === 'balance' ? '0' : 'null'];
  });
  if (role !== 'transactions') return Object.fromEntries(columns);
  const landed = own.fee === undefined ? '0' : expressionSql(own.fee, mapping.schema);
  const fee = operationColumns(mapping.tables.transactions?.operations).fee ?? landed;
  return { ...Object.fromEntries(columns), destination_fee: destinationFeeSql(mapping.feePaidBy, fee) };
}

function operationsOf(operations: Operations | undefined): Readonly<Record<string, unknown>> {
  switch (operations?.kind) {
    case undefined:
      return {};
    case 'states':
      return { ...operations };
    case 'legs': {
      const { chargeWhen, order, ...legs } = operations;
      return {
        ...legs,
        ...(order === undefined ? {} : { order }),
        ...(chargeWhen === undefined ? {} : { charge_when: chargeWhen }),
      };
    }
  }
}

function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (value: string): string => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}
