import type { Domain } from '../model/domains';
import type { Role } from '../model/roles';
import type { Operations, VirtualKind } from './operations';

/** How a column is read: by SQL over the table's own columns, or from the row of another table that one of them names. */
export type Expression =
  | { readonly kind: 'sql'; readonly sql: string }
  | {
      readonly kind: 'lookup';
      /** The other table, its key, the column here that holds the key, and the column there that is taken. */
      readonly table: string;
      readonly key: string;
      readonly by: string;
      readonly take: string;
    };

/** Who pays the fee: the sender on top of the amount, the receiver out of it, or as a column of the table says. */
export type FeePayer =
  | { readonly kind: 'source' }
  | { readonly kind: 'destination' }
  | { readonly kind: 'by_column'; readonly column: string; readonly values: Readonly<Record<string, FeeSide>> };

export type FeeSide = 'source' | 'destination' | 'split';

export interface TableMapping {
  readonly table: string;
  /** SQL condition: the rows of the table that are meant, where it holds others too. */
  readonly rows: string | undefined;
  /** SQL condition under which a row counts as deleted though it is still there. */
  readonly deletedWhen: string | undefined;
  readonly columns: Readonly<Record<string, Expression>>;
  /** Of transactions: how rows make one; undefined where each row is one, and of other roles. */
  readonly operations?: Operations | undefined;
  /** Of wallets: kinds that each currency has one of, which the table has no row for. */
  readonly virtual?: readonly VirtualKind[];
}

/** A table of the wallet's own bookings, to check against. */
export interface EntriesMapping {
  readonly table: string;
  readonly transaction: string;
  readonly wallet: string;
  /** SQL: what the entry adds to its wallet, negative where it takes away, in the units of the amounts. */
  readonly amount: string;
}

export interface CurrencyMapping {
  readonly iso: string | undefined;
  /** What amounts are divided by: 1 for whole units, 100 for cents. */
  readonly divisor: number | undefined;
  /** US dollars for one unit, as it is written. */
  readonly rate: string | undefined;
}

/** A figure that the person knows from elsewhere: the app's back office, finance's report, a customer's screen. */
export type ControlTotal =
  | {
      readonly kind: 'transactions';
      readonly currency: string;
      readonly type: string | undefined;
      readonly status: string;
      /** First day and the day after the last, in the reporting time zone; undefined for all days. */
      readonly from: string | undefined;
      readonly until: string | undefined;
      readonly count: string | undefined;
      readonly amount: string | undefined;
    }
  | { readonly kind: 'wallet'; readonly wallet: string; readonly balance: string };

export interface Question {
  readonly id: string;
  /** Path of the lines that it is about, from the top of the file; a prefix covers what is below. */
  readonly about: string;
  readonly question: string;
  readonly because: string | undefined;
  readonly answered: boolean;
}

export interface Mapping {
  readonly schema: string;
  readonly ingestion: 'kafka' | 'replica';
  readonly keyType: 'uuid' | 'bigint' | 'text';
  readonly sourceTimeZone: string;
  readonly reportingTimeZone: string;
  readonly reportingCurrency: string;
  /** CSV of the person's own dated rates (currency,valid_from,rate_to_usd), relative to the mapping. */
  readonly exchangeRatesFile: string | undefined;
  readonly tables: Readonly<Partial<Record<Role, TableMapping>>>;
  readonly feePaidBy: FeePayer;
  readonly entries: EntriesMapping | undefined;
  readonly values: Readonly<Partial<Record<Domain, Readonly<Record<string, string>>>>>;
  readonly currencies: Readonly<Record<string, CurrencyMapping>>;
  readonly controlTotals: readonly ControlTotal[];
  readonly questions: readonly Question[];
}
