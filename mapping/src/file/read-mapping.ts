import { readFile } from 'node:fs/promises';
import { Failure, type Json, nearestName, unreadable } from '@ewallet/failure';
import { parseDocument, type Document } from 'yaml';
import { DOMAINS, type Domain } from '../model/domains';
import { ROLES, type Role } from '../model/roles';
import type {
  ControlTotal,
  CurrencyMapping,
  EntriesMapping,
  Expression,
  FeePayer,
  FeeSide,
  Mapping,
  Question,
  TableMapping,
} from './mapping';
import { VIRTUAL_KINDS, type Operations } from './operations';

/** @throws Failure that names the file, and the place in it that cannot be read */
export async function readMappingDocument(file: string): Promise<Document> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw Failure.config(
      `The mapping ${file} cannot be read, ${unreadable(error)}: write one by \`ewallet-mapping propose --out ${file}\`.`,
      {
        cause: error,
      },
    );
  });
  // Numbers stay the text that they are written as: 0010 is no 10, and an amount keeps its last zero.
  const document = parseDocument(text, { schema: 'failsafe' });
  const [fault] = document.errors;
  if (fault !== undefined) throw Failure.config(`The mapping ${file} is not YAML: ${fault.message}`);
  return document;
}

export function parseMapping(document: Document, file: string): Mapping {
  const at = (path: string): string => `${file}: \`${path}\``;
  const root = objectOf(document.toJS() as unknown, at('the whole file'));
  refuseUnknown(
    root,
    ['wallet', 'tables', 'entries', 'values', 'currencies', 'control_totals', 'questions', 'proposed'],
    at(''),
  );
  const wallet = objectOf(root.wallet, at('wallet'));
  const tables = objectOf(root.tables, at('tables'));
  refuseUnknown(tables, ROLES, at('tables.'));
  const values = objectOf(root.values, at('values'));
  refuseUnknown(values, Object.keys(DOMAINS), at('values.'));
  const transactions = objectOf(tables.transactions, at('tables.transactions'));
  return {
    schema: textOf(wallet.schema) ?? 'raw',
    ingestion: oneOf(wallet.ingestion, ['kafka', 'replica'], at('wallet.ingestion')),
    keyType: oneOf(wallet.key_type, ['uuid', 'bigint', 'text'], at('wallet.key_type')),
    sourceTimeZone: textOf(wallet.source_time_zone) ?? '',
    reportingTimeZone: textOf(wallet.reporting_time_zone) ?? '',
    reportingCurrency: textOf(wallet.reporting_currency) ?? '',
    exchangeRatesFile: textOf(wallet.exchange_rates_file),
    tables: Object.fromEntries(
      ROLES.flatMap((role): [Role, TableMapping][] =>
        textOf(objectOf(tables[role], at(`tables.${role}`)).table) === undefined
          ? []
          : [[role, tableOf(role, objectOf(tables[role], at(`tables.${role}`)), at(`tables.${role}`))]],
      ),
    ),
    feePaidBy: feePayerOf(transactions.fee_paid_by, at('tables.transactions.fee_paid_by')),
    entries: entriesOf(root.entries, at('entries')),
    values: Object.fromEntries(
      (Object.keys(DOMAINS) as Domain[]).flatMap((domain) =>
        values[domain] === undefined ? [] : [[domain, textsOf(values[domain], at(`values.${domain}`))]],
      ),
    ),
    currencies: Object.fromEntries(
      Object.entries(objectOf(root.currencies, at('currencies'))).map(([name, held]) => [
        name,
        currencyMappingOf(objectOf(held, at(`currencies.${name}`)), at(`currencies.${name}`)),
      ]),
    ),
    controlTotals: listOf(root.control_totals, at('control_totals')).map((each, index) =>
      controlTotalOf(objectOf(each, at(`control_totals.${index}`)), at(`control_totals.${index}`)),
    ),
    questions: listOf(root.questions, at('questions')).map((each) => questionOf(objectOf(each, at('questions')))),
  };
}

function tableOf(role: Role, table: Json, at: string): TableMapping {
  const own = { transactions: ['fee_paid_by', 'states', 'legs'], wallets: ['virtual'] } as const;
  refuseUnknown(
    table,
    ['table', 'rows', 'deleted_when', 'columns', ...(role === 'transactions' || role === 'wallets' ? own[role] : [])],
    at,
  );
  return {
    table: textOf(table.table) ?? '',
    rows: textOf(table.rows),
    deletedWhen: textOf(table.deleted_when),
    columns: Object.fromEntries(
      Object.entries(objectOf(table.columns, at)).flatMap(([name, held]): [string, Expression][] => {
        const expression = expressionOf(held, `${at} ${name}`);
        return expression === undefined ? [] : [[name, expression]];
      }),
    ),
    operations: operationsOf(table, at),
    virtual: listOf(table.virtual, `${at}.virtual`).map((kind) => oneOf(kind, VIRTUAL_KINDS, `${at}.virtual`)),
  };
}

function operationsOf(table: Json, at: string): Operations | undefined {
  const [states, legs] = [objectOf(table.states, `${at}.states`), objectOf(table.legs, `${at}.legs`)];
  const [hasStates, hasLegs] = [Object.keys(states).length > 0, Object.keys(legs).length > 0];
  if (hasStates && hasLegs) throw Failure.config(`${at} has states and legs: a row is one or the other.`);
  if (hasStates) {
    refuseUnknown(states, ['operation', 'order', 'parts'], `${at}.states.`);
    const [operation, order] = [states.operation, states.order].map(textOf);
    if (operation === undefined || order === undefined) {
      throw Failure.config(`${at}.states needs operation and order: { operation: its key, order: created_at }.`);
    }
    const parts = oneOf(states.parts ?? 'no', ['yes', 'no'], `${at}.states.parts`) === 'yes';
    return { kind: 'states', operation, order, parts };
  }
  if (!hasLegs) return undefined;
  refuseUnknown(legs, ['operation', 'wallet', 'amount', 'order', 'charge_when'], `${at}.legs.`);
  const [operation, wallet, amount] = [legs.operation, legs.wallet, legs.amount].map(textOf);
  if (operation === undefined || wallet === undefined || amount === undefined) {
    throw Failure.config(
      `${at}.legs needs operation, wallet and amount: what a row adds to its wallet, negative where it takes away.`,
    );
  }
  return { kind: 'legs', operation, wallet, amount, order: textOf(legs.order), chargeWhen: textOf(legs.charge_when) };
}

function expressionOf(held: unknown, at: string): Expression | undefined {
  if (typeof held !== 'object' || held === null) {
    const sql = textOf(held);
    return sql === undefined ? undefined : { kind: 'sql', sql };
  }
  const { lookup, key, by, take } = objectOf(held, at);
  const [table, itsKey, here, taken] = [lookup, key, by, take].map(textOf);
  if (table === undefined || itsKey === undefined || here === undefined || taken === undefined) {
    throw Failure.config(
      `${at}: a lookup is { lookup: table, key: its key, by: the column here, take: the column there }.`,
    );
  }
  return { kind: 'lookup', table, key: itsKey, by: here, take: taken };
}

function feePayerOf(held: unknown, at: string): FeePayer {
  const text = typeof held === 'string' ? textOf(held) : undefined;
  if (held === undefined || held === null || held === '' || text === 'source') return { kind: 'source' };
  if (text === 'destination') return { kind: 'destination' };
  const { column, values } = objectOf(held, at);
  const name = textOf(column);
  if (name === undefined)
    throw Failure.config(`${at} is source, destination, or { column: …, values: { value: source } }.`);
  const sides = Object.entries(textsOf(values, at)).map(([value, side]): [string, FeeSide] => [
    value,
    oneOf(side, ['source', 'destination', 'split'], `${at}.values.${value}`),
  ]);
  return { kind: 'by_column', column: name, values: Object.fromEntries(sides) };
}

function entriesOf(held: unknown, at: string): EntriesMapping | undefined {
  const { table, transaction_id: transaction, wallet_id: wallet, amount } = objectOf(held, at);
  const [name, itsTransaction, itsWallet, added] = [table, transaction, wallet, amount].map(textOf);
  if (name === undefined) return undefined;
  if (itsTransaction === undefined || itsWallet === undefined || added === undefined) {
    throw Failure.config(
      `${at} needs table, transaction_id, wallet_id and amount; leave \`entries\` out for a wallet without.`,
    );
  }
  return { table: name, transaction: itsTransaction, wallet: itsWallet, amount: added };
}

function currencyMappingOf(held: Json, at: string): CurrencyMapping {
  refuseUnknown(held, ['iso', 'minor_unit_divisor', 'rate_to_usd'], `${at}.`);
  const written = textOf(held.minor_unit_divisor);
  const divisor = written === undefined ? undefined : Number(written);
  if (divisor !== undefined && !(divisor > 0)) {
    throw Failure.config(`${at}.minor_unit_divisor must be a number above 0: 1 for whole units, 100 for cents.`);
  }
  const rate = textOf(held.rate_to_usd);
  if (rate !== undefined && !(Number(rate) > 0)) throw Failure.config(`${at}.rate_to_usd must be a number above 0.`);
  return { iso: textOf(held.iso), divisor, rate };
}

function controlTotalOf(held: Json, at: string): ControlTotal {
  refuseUnknown(
    held,
    ['wallet', 'balance', 'currency', 'type', 'status', 'from', 'until', 'count', 'amount'],
    `${at}.`,
  );
  const wallet = textOf(held.wallet);
  if (wallet !== undefined) {
    const balance = textOf(held.balance);
    if (balance === undefined) throw Failure.config(`${at}: a wallet's total needs \`balance\`, as its owner sees it.`);
    return { kind: 'wallet', wallet, balance };
  }
  const [count, amount] = [textOf(held.count), textOf(held.amount)];
  const currency = textOf(held.currency);
  if (currency === undefined || (count ?? amount) === undefined) {
    throw Failure.config(`${at} needs \`currency\` and \`count\` or \`amount\`; or \`wallet\` and \`balance\`.`);
  }
  return {
    kind: 'transactions',
    currency,
    type: textOf(held.type),
    status: textOf(held.status) ?? 'completed',
    from: textOf(held.from),
    until: textOf(held.until),
    count,
    amount,
  };
}

function questionOf(held: Json): Question {
  return {
    id: textOf(held.id) ?? '',
    about: textOf(held.about) ?? '',
    question: textOf(held.question) ?? '',
    because: textOf(held.because),
    answered: textOf(held.answer)?.toLowerCase() === 'yes',
  };
}

function objectOf(value: unknown, at: string): Json {
  if (value === undefined || value === null || value === '') return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw Failure.config(`${at} must be a list of \`name: value\`.`);
  return value as Json;
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null || value === '') return [];
  if (!Array.isArray(value)) throw Failure.config(`${at} must be a list.`);
  return value as readonly unknown[];
}

function textsOf(value: unknown, at: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(objectOf(value, at)).map(([name, held]) => [name, textOf(held) ?? '']));
}

/** A scalar's text; undefined where nothing is written. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value !== '~' ? value.trim() : undefined;
}

function oneOf<const T extends string>(value: unknown, known: readonly T[], at: string): T {
  const text = textOf(value) ?? '';
  const found = known.find((each) => each === text);
  if (found === undefined) throw Failure.config(`${at} is ${JSON.stringify(text)}: it must be ${known.join(' or ')}.`);
  return found;
}

function refuseUnknown(object: Json, known: readonly string[], at: string): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    throw Failure.config(`${at} has an unknown key \`${key}\`: did you mean \`${nearestName(key, known)}\`?`);
  }
}
