/** One step of the schema's history. What was released is never edited: a change is a further migration. */
export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  /** For people who look into sink.migrations. */
  readonly title: string;
  /** Run in this order, in one transaction with the number's record in sink.migrations. */
  readonly statements: readonly string[];
}
