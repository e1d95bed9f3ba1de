import type { Json, JsonObject } from './json';
import type { Widget } from './question';

/** A place on Metabase's grid of 24 columns, in cells. */
export interface Place {
  readonly row: number;
  readonly column: number;
  readonly width: number;
  readonly height: number;
}

/** A filter of a dashboard ("parameter" in Metabase's API). */
export interface Filter {
  readonly key: string;
  readonly id?: string;
  readonly name: string;
  readonly type: Widget;
  readonly section?: string;
  readonly default?: Json;
  readonly required?: boolean;
  readonly values?: readonly string[];
  readonly singleValue?: boolean;
}

/** Filter key → column of the answer. */
export type ClickMapping = Readonly<Record<string, string>>;

export type Click =
  | { readonly kind: 'filter'; readonly set: ClickMapping }
  | { readonly kind: 'dashboard'; readonly dashboard: string; readonly tab?: string; readonly set?: ClickMapping }
  | { readonly kind: 'url'; readonly url: string; readonly text?: string };

export interface QuestionCard {
  readonly kind: 'question';
  readonly key: string;
  readonly question: string;
  readonly at: Place;
  /** Filter key → tag of the question. */
  readonly filters?: Readonly<Record<string, string>>;
  readonly title?: string;
  readonly settings?: JsonObject;
  readonly click?: Click;
  readonly wire?: JsonObject;
}

export interface TextCard {
  readonly kind: 'heading' | 'text';
  readonly key: string;
  readonly text: string;
  readonly at: Place;
  readonly settings?: JsonObject;
  readonly wire?: JsonObject;
}

/**
 * A card of a kind that files have no words for (link, iframe, action, placeholder, what a later release adds): `wire` is
 * what Metabase says of it, and what it is told again.
 */
export interface OtherCard {
  readonly kind: 'other';
  readonly key: string;
  readonly at: Place;
  readonly wire: JsonObject;
}

/** One place on the dashboard ("dashcard" in Metabase's API). `wire` holds what files have no words for, as it is there. */
export type Card = QuestionCard | TextCard | OtherCard;

export interface Tab {
  readonly key: string;
  readonly name: string;
  readonly cards: readonly Card[];
}

export interface Dashboard {
  readonly key: string;
  readonly collection: string;
  readonly name: string;
  readonly description: string;
  readonly position?: number;
  readonly width?: 'fixed' | 'full';
  readonly autoApplyFilters?: boolean;
  readonly filters?: readonly Filter[];
  readonly tabs: readonly Tab[];
}
