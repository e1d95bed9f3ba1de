/** SQL or a word, several words, a lookup, how rows make operations, or who pays the fee by a column's values. */
export type LineValue =
  | string
  | readonly string[]
  | Lookup
  | { readonly operation: string; readonly order: string; readonly parts: string }
  | { readonly operation: string; readonly wallet: string; readonly amount: string }
  | { readonly column: string; readonly values: Readonly<Record<string, string>> };

export interface Lookup {
  readonly lookup: string;
  readonly key: string;
  readonly by: string;
  readonly take: string;
}

/** One line of a mapping that is proposed, with what speaks for it. */
export interface Line {
  /** Where it stands in the file: `['tables', 'users', 'columns', 'email']`. */
  readonly path: readonly string[];
  readonly value: LineValue;
  /** From 0 to 1; undefined for what is not guessed but read. */
  readonly confidence: number | undefined;
  readonly because: string;
  readonly alternatives?: readonly string[];
}

/** What the tables cannot say; open until a person answers, or a control total does. */
export interface Asked {
  readonly id: string;
  readonly about: string;
  readonly question: string;
  readonly because: string;
}

export interface Draft {
  readonly lines: readonly Line[];
  readonly questions: readonly Asked[];
}
