/** Lays rows of cells out in columns, as wide as their longest cell. */
export class Columns {
  readonly widths: readonly number[];

  /** @param isRight whether a column's cells are aligned to the right, as numbers are */
  constructor(
    rows: readonly (readonly string[])[],
    private readonly isRight: (column: number) => boolean,
  ) {
    this.widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  }

  line(cells: readonly string[]): string {
    return cells
      .map((cell, column) => {
        const width = this.widths[column] ?? 0;
        return this.isRight(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }
}
