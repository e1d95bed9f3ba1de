/** What keeps a mapping from giving right figures, or what a person should know; each with the rows that prove it. */
export interface Finding {
  readonly kind: 'wrong' | 'note';
  /** The line of the mapping, or the table, that it is about. */
  readonly where: string;
  readonly what: string;
  readonly rows: number;
}

export function wrong(where: string, rows: number, what: string): Finding {
  return { kind: 'wrong', where, what, rows };
}

export function note(where: string, rows: number, what: string): Finding {
  return { kind: 'note', where, what, rows };
}
