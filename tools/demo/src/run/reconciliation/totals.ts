/** A stream to compare: its exact numbers, each with its scale, and the column that says in which currency they are. */
export interface Measured {
  readonly stream: string;
  readonly key: readonly string[];
  readonly currency: string | undefined;
  readonly amounts: readonly Amount[];
}

export interface Amount {
  readonly column: string;
  readonly scale: number;
  /** Sums the values without their signs: by double entry balances sum to nothing, which would compare nothing. */
  readonly unsigned: boolean;
}

/** Of one stream in one place, by currency ('' where the stream has none): rows, and the sums as whole numbers of the
 * smallest unit, in the order of the stream's amounts. */
export type Totals = ReadonlyMap<string, { readonly rows: bigint; readonly sums: readonly bigint[] }>;

/** Adds rows up. Sums are BigInt: a double would lose cents above 2^53 smallest units. */
export class Tally {
  private readonly groups = new Map<string, { rows: bigint; sums: bigint[] }>();

  constructor(private readonly measured: Measured) {}

  add(currency: string, rows: bigint, sums: readonly bigint[]): void {
    const group = this.groups.get(currency) ?? { rows: 0n, sums: this.measured.amounts.map(() => 0n) };
    this.groups.set(currency, {
      rows: group.rows + rows,
      sums: group.sums.map((sum, index) => sum + (sums[index] ?? 0n)),
    });
  }

  totals(): Totals {
    return this.groups;
  }
}
