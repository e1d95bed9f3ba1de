import type { ColumnType } from '../content/column-type';
import type { Json } from '../content/json';
import type { Click, Place } from '../content/dashboard';
import type { Display } from '../content/question';

/** What the page is given: everything it shows, and no address to ask for more (unless it is served live). */
export interface PageData {
  readonly title: string;
  /** When the warehouse was read, ISO instant. */
  readonly readAt: string;
  /** The same on a clock in the reporting time zone, without a zone, as the days and hours of the answers are. */
  readonly readAtWallClock: string;
  /** The reporting time zone. */
  readonly timeZone: string;
  readonly live: boolean;
  readonly dashboards: readonly PageDashboard[];
  /** The answers; a card's variants point into this list, as many variants have the same answer. */
  readonly answers: readonly Answer[];
}

export interface PageDashboard {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly filters: readonly PageFilter[];
  readonly tabs: readonly { readonly key: string; readonly name: string; readonly cards: readonly PageCard[] }[];
}

export interface PageFilter {
  readonly key: string;
  readonly name: string;
  readonly kind: 'date' | 'choice';
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** null: no value, which shows everything. */
  readonly default: string | null;
  readonly required: boolean;
}

export type PageCard = PageText | PageQuestion;

export interface PageText {
  readonly kind: 'heading' | 'text';
  readonly key: string;
  readonly text: string;
  readonly at: Place;
}

export interface PageQuestion {
  readonly kind: 'question';
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly display: Display;
  readonly at: Place;
  /** The filters that feed the card, in the order of a variant's values. */
  readonly filters: readonly string[];
  /** Metabase's visualization_settings, the dashboard card's over the question's. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly columns: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly money: PageMoney | null;
  readonly click: Click | null;
  /** variantKey(values of `filters`) → index in `answers`. */
  readonly variants: Readonly<Record<string, number>>;
}

/** The columns that are amounts, and where their currency stands: this column where the answer has it, or else the filter. */
export interface PageMoney {
  readonly columns: readonly string[];
  readonly column: string;
  readonly filter: string | null;
}

export type Answer =
  | {
      readonly kind: 'rows';
      readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
      /** Values as PostgreSQL writes them, so that a numeric keeps all of its digits. */
      readonly rows: readonly (readonly (string | null)[])[];
      /** There were more rows than the page takes. */
      readonly truncated: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string };
