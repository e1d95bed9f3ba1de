/** A key's value: text as PostgreSQL writes it, or a whole number with all its digits. */
export type KeyValue = string | bigint | null;
/** The value of a key of one column; a list, in the key's order, for several. Rows without a key are shown by their hash. */
export type ShownKey = KeyValue | readonly KeyValue[];

export interface DifferentRow {
  readonly key: ShownKey;
  readonly columns: readonly string[];
  /** With --show-values: the source's and the warehouse's value of each column. */
  readonly values?: Readonly<Record<string, { readonly source: string | null; readonly warehouse: string | null }>>;
}

export interface StreamReport {
  readonly stream: string;
  /** In the warehouse. */
  readonly table: string;
  /** Rows of the source that were compared. */
  readonly rows: number;
  readonly missing: readonly ShownKey[];
  readonly extra: readonly ShownKey[];
  readonly different: readonly DifferentRow[];
  /** Rows that were written to while the audit looked: they prove nothing either way. */
  readonly inFlight: number;
  /** Rows with values that the pipeline could not carry and says so in `_airbyte_meta`. */
  readonly nulled: number;
  /** Columns that the warehouse does not have. */
  readonly notCompared: readonly string[];
}

export interface AuditReport {
  readonly streams: readonly StreamReport[];
  /** Tables of the source without a table in the warehouse, where no streams were named. */
  readonly notLanded: readonly string[];
  readonly seconds: number;
}

export function differencesIn(report: StreamReport): number {
  return report.missing.length + report.extra.length + report.different.length;
}

export function isEqualReport(report: AuditReport): boolean {
  return report.streams.every((stream) => differencesIn(stream) === 0);
}
