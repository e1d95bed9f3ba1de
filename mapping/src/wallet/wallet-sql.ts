import { Failure } from '@ewallet/failure';
import { quoteLiteral, quoteQualified } from '@ewallet/postgres';
import { nameInSql, type CatalogueTable } from '../database/catalogue';
import type { Mapping } from '../file/mapping';
import { operationColumns, type Operations, type VirtualKind } from '../file/operations';
import type { Domain } from '../model/domains';
import type { Role } from '../model/roles';
import { byCurrency, destinationFeeSql, expressionSql, ROWS } from './expression';
import { operationsSql } from './operations-sql';

/**
 * The wallet by its mapping, as SQL: what the dbt models will read, so that a mapping is checked before they are built. Amounts
 * are in main units. Roles without a table give no rows.
 */
export class WalletSql {
  constructor(
    readonly mapping: Mapping,
    private readonly catalogue: readonly CatalogueTable[],
  ) {}

  has(role: Role): boolean {
    return this.mapping.tables[role] !== undefined;
  }

  /** The SQL of a column, or undefined where the mapping has none. */
  column(role: Role, name: string): string | undefined {
    const worked = role === 'transactions' ? operationColumns(this.operations)[name] : undefined;
    return worked ?? this.landed(role, name);
  }

  get operations(): Operations | undefined {
    return this.mapping.tables.transactions?.operations;
  }

  /** The SQL of a column over a row as it landed, before rows are joined to operations. */
  private landed(role: Role, name: string): string | undefined {
    const expression = this.mapping.tables[role]?.columns[name];
    return expression === undefined ? undefined : expressionSql(expression, this.mapping.schema);
  }

  or(role: Role, name: string, otherwise = 'null'): string {
    return this.column(role, name) ?? otherwise;
  }

  /** Rows of a role in their latest version, deleted ones too, with the table's own columns; of transactions joined to operations. */
  rows(role: Role): string {
    return this.joined(role, this.latestRows(role));
  }

  /** Rows that count: without deleted ones. */
  present(role: Role): string {
    const deleted = this.mapping.tables[role]?.deletedWhen;
    const rows = this.latestRows(role);
    return this.joined(
      role,
      deleted === undefined ? rows : `(select * from ${rows} where (${deleted}) is not true) as ${ROWS}`,
    );
  }

  private latestRows(role: Role): string {
    const table = this.mapping.tables[role];
    if (table === undefined) throw Failure.config(`The mapping has no table for ${role}.`);
    const key = this.landed(role, 'id') ?? this.landed(role, 'code') ?? 'null';
    return this.latest(table.table, key, table.rows);
  }

  private joined(role: Role, rows: string): string {
    if (role !== 'transactions' || this.operations === undefined) return rows;
    const of = (name: string, otherwise = 'null'): string => this.landed('transactions', name) ?? otherwise;
    const columns = {
      id: of('id'),
      createdAt: of('created_at'),
      status: of('status'),
      currency: of('currency'),
      amount: of('amount'),
      fee: of('fee', '0'),
    };
    return operationsSql(this.operations, { rows, columns, wallets: this.wallets(), keyType: this.mapping.keyType });
  }

  /** A column that the database itself keeps unique in a table. */
  keyColumn(name: string): string | undefined {
    const column = this.catalogue.find((each) => each.name === name)?.uniqueColumns[0];
    return column === undefined ? undefined : nameInSql(column);
  }

  /** The latest version of each row of a table that the sink lands, by its key; the table as it is where something else does. */
  latest(name: string, key: string, rows?: string): string {
    const table = this.catalogue.find((each) => each.name === name);
    if (table === undefined) throw Failure.config(`Schema ${this.mapping.schema} has no table ${name}.`);
    const from = quoteQualified(this.mapping.schema, name);
    const unique = key === '1' || table.uniqueColumns.some((column) => nameInSql(column) === key);
    const versions =
      unique || !table.landed
        ? from
        : `(select distinct on (${key}) * from ${from} as versions order by ${key}, _loaded_at desc, _kafka_offset desc)`;
    const conditions = [
      ...(table.deletion === undefined ? [] : [`${table.deletion} is null`]),
      ...(rows === undefined ? [] : [`(${rows})`]),
    ];
    const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
    return `(select * from ${versions} as versions${where}) as ${ROWS}`;
  }

  /** A code's canonical value; null where the mapping has no line for it, or an empty one. */
  mapped(domain: Domain, expression: string): string {
    const cases = Object.entries(this.mapping.values[domain] ?? {}).flatMap(([from, to]) =>
      to === '' ? [] : [`when ${quoteLiteral(from).trim()} then ${quoteLiteral(to).trim()}`],
    );
    return cases.length === 0 ? 'cast(null as text)' : `case cast(${expression} as text) ${cases.join(' ')} end`;
  }

  /**
   * wallet_id, kind, user_id, merchant_id, source_currency, currency, balance (main units), the code as it is written, and is_virtual,
   * of which the balance is not known.
   */
  wallets(): string {
    const currency = this.or('wallets', 'currency');
    const kind = this.or('wallets', 'kind');
    return `select cast(${this.or('wallets', 'id')} as text) as wallet_id, ${this.mapped('wallet_kind', kind)} as kind,
      cast(${kind} as text) as source_kind, cast(${this.or('wallets', 'user_id')} as text) as user_id,
      cast(${this.or('wallets', 'merchant_id')} as text) as merchant_id, cast(${currency} as text) as source_currency,
      ${byCurrency(this.mapping, currency, (each) => iso(each.iso))} as currency,
      coalesce(${this.main('wallets', this.or('wallets', 'balance'))}, 0) as balance, false as is_virtual
      from ${this.rows('wallets')}${(this.mapping.tables.wallets?.virtual ?? []).map((kind) => this.virtual(kind)).join('')}`;
  }

  /** A wallet of each currency that the e-wallet has no row for, with the key that dbt gives it (virtual_wallet_key). */
  private virtual(kind: VirtualKind): string {
    const rows = Object.entries(this.mapping.currencies).map(
      ([name, each]) => `(${quoteLiteral(name).trim()}, ${iso(each.iso) ?? 'null'})`,
    );
    if (rows.length === 0) return '';
    const name = `'${kind}:' || source_currency`;
    const keys = {
      bigint: `cast(-1 - abs(cast(hashtext(${name}) as bigint)) as text)`,
      uuid: `cast(cast(md5(${name}) as uuid) as text)`,
      text: name,
    };
    return ` union all select ${keys[this.mapping.keyType]}, '${kind}', null, null, null, source_currency, currency, 0, true
      from (values ${rows.join(', ')}) as virtual (source_currency, currency)`;
  }

  /**
   * transaction_id, type, status, currency, amount, fee and destination_fee (main units), both wallets, refund_of, created_at,
   * settled_at, and the codes as they are written.
   */
  transactions(): string {
    const of = (name: string): string => this.or('transactions', name);
    const fee = this.or('transactions', 'fee', '0');
    const inner = `select cast(${of('id')} as text) as transaction_id, cast(${of('type')} as text) as source_type,
      ${asRefund(this.mapped('transaction_type', of('type')))} as mapped_type, cast(${of('status')} as text) as source_status,
      ${asPending(this.mapped('transaction_status', of('status')))} as status, cast(${of('channel')} as text) as source_channel,
      cast(${of('failure_reason')} as text) as failure_reason, cast(${of('currency')} as text) as source_currency,
      ${byCurrency(this.mapping, of('currency'), (each) => iso(each.iso))} as currency,
      ${this.main('transactions', of('amount'))} as amount, coalesce(${this.main('transactions', fee)}, 0) as fee,
      coalesce(${this.main('transactions', this.destinationFee(fee))}, 0) as destination_fee,
      cast(${of('source_wallet_id')} as text) as source_wallet_id,
      cast(${of('destination_wallet_id')} as text) as destination_wallet_id,
      cast(${of('refund_of_id')} as text) as refund_of, ${this.instant(of('created_at'))} as created_at,
      ${this.instant(of('settled_at'))} as settled_at
      from ${this.present('transactions')}`;
    return `select t.*, coalesce(t.mapped_type, case
        when ${of('type') === 'null' ? 'false' : 'true'} then null
        when payer.kind = 'float' then 'top_up' when receiver.kind = 'float' then 'withdrawal'
        when receiver.kind = 'merchant' then 'payment' when payer.kind = 'merchant' then 'refund'
        when payer.kind = 'customer' and receiver.kind = 'customer' then 'transfer' end) as type
      from (${inner}) as t
      left join (${this.wallets()}) as payer on payer.wallet_id = t.source_wallet_id
      left join (${this.wallets()}) as receiver on receiver.wallet_id = t.destination_wallet_id`;
  }

  /** Legs say themselves who paid what. */
  private destinationFee(fee: string): string {
    return this.operations?.kind === 'legs' ? '0' : destinationFeeSql(this.mapping.feePaidBy, fee);
  }

  /** An amount in main units; null where its currency has no divisor. */
  private main(role: 'wallets' | 'transactions', amount: string): string {
    const divisor = byCurrency(this.mapping, this.or(role, 'currency'), (each) => each.divisor?.toString());
    return `cast(${amount} as numeric) / (${divisor})`;
  }

  private instant(expression: string): string {
    const zone = this.mapping.sourceTimeZone;
    return zone === '' || expression === 'null'
      ? `cast(${expression} as timestamptz)`
      : `(cast(${expression} as timestamp) at time zone ${quoteLiteral(zone)})`;
  }
}

/** Reversals and chargebacks are kinds of refunds, and a hold is pending, as in dbt's staging. */
function asRefund(type: string): string {
  return `(select case when mapped.type in ('reversal', 'chargeback') then 'refund' else mapped.type end from (values (${type})) as mapped (type))`;
}

function asPending(status: string): string {
  return `(select case when mapped.status = 'held' then 'pending' else mapped.status end from (values (${status})) as mapped (status))`;
}

function iso(code: string | undefined): string | undefined {
  return code === undefined ? undefined : quoteLiteral(code).trim();
}
