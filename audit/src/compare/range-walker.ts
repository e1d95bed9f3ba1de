import type { Session, TextRow } from '../server/session';
import type { StreamPlan } from '../tables/stream-plan';
import { compareKey, Parameters, WHOLE_TABLE, type KeyRange } from './key-range';

/**
 * Cuts a stream into ranges of about a given number of rows, by the source's own index, from the lowest key on. The first
 * range has no lower end and the last no upper one, so that the ranges hold every row of the warehouse too.
 */
export class RangeWalker {
  private from: readonly string[] | undefined;
  private done = false;
  private readonly returned: KeyRange[] = [];

  constructor(
    private readonly plan: StreamPlan,
    /** Where an earlier run had come to. */
    resumeAt: readonly string[] | undefined,
  ) {
    this.from = resumeAt;
  }

  /** The next range, or undefined after the last. */
  async next(source: Session, rows: number): Promise<KeyRange | undefined> {
    const again = this.returned.pop();
    if (again !== undefined) return again;
    if (this.done) return undefined;
    if (this.plan.rangeColumns === 0) {
      this.done = true;
      return WHOLE_TABLE;
    }
    const to = await this.boundary(source, rows);
    const range = { from: this.from, to };
    this.from = to;
    this.done = to === undefined;
    return range;
  }

  /** A range that was taken and could not be compared: it is given again. */
  giveBack(range: KeyRange): void {
    this.returned.push(range);
  }

  /** A key `rows` rows further on; where many rows share that part of the key, the next one that differs. */
  private async boundary(source: Session, rows: number): Promise<readonly string[] | undefined> {
    const { from } = this;
    const found = await this.keyAt(source, from === undefined ? undefined : ['>=', from], rows);
    if (found === undefined || from === undefined || found.some((value, index) => value !== from[index])) return found;
    return this.keyAt(source, ['>', from], 0);
  }

  private async keyAt(
    source: Session,
    after: readonly ['>=' | '>', readonly string[]] | undefined,
    offset: number,
  ): Promise<readonly string[] | undefined> {
    const { source: side, rangeColumns } = this.plan;
    const parameters = new Parameters();
    const where = after === undefined ? '' : ` where ${compareKey(side, after[0], after[1], parameters)}`;
    const columns = side.keyColumns.slice(0, rangeColumns).map(({ sql }) => sql);
    const rows = await source.query(
      `select ${columns.map((sql, index) => `${sql} as k${index}`).join(', ')} from ${side.from} t${where}
       order by ${columns.map((sql) => `t.${sql}`).join(', ')} offset ${parameters.add(offset)} limit 1`,
      parameters.values,
    );
    return rows[0] === undefined ? undefined : keyOf(rows[0], rangeColumns);
  }
}

/** The columns `k0`, `k1`, … of a row. */
export function keyOf(row: TextRow, columns: number): readonly string[] {
  return Array.from({ length: columns }, (_, index) => row[`k${index}`] ?? '');
}
