import type { Answer, PageQuestion } from '../../src/preview/page-data';
import { isMonth, type ColumnFormat } from './format';
import type { Choice } from '../../src/preview/variant';

export type Rows = Extract<Answer, { kind: 'rows' }>;

/** How each column of a card is formatted; the currency of an amount is the row's, or else the filter's. */
export class CardFormat {
  constructor(
    private readonly card: PageQuestion,
    private readonly rows: Rows,
    private readonly chosen: ReadonlyMap<string, Choice>,
  ) {}

  index(name: string): number {
    return this.rows.columns.findIndex((column) => column.name === name);
  }

  settings(name: string): PageQuestion['columns'][string] {
    return this.card.columns[name] ?? {};
  }

  /** @param row the row the value stands in; absent on an axis, where the first row's currency is the axis's. */
  of(name: string, row: readonly (string | null)[] | undefined = this.rows.rows[0]): ColumnFormat {
    const column = this.rows.columns[this.index(name)];
    return {
      type: column?.type ?? 'text',
      settings: this.settings(name),
      currency: this.currency(name, row),
      month: isMonth(name),
    };
  }

  private currency(name: string, row: readonly (string | null)[] | undefined): string | null {
    const money = this.card.money;
    if (!money?.columns.includes(name)) return null;
    const column = this.index(money.column);
    if (column >= 0) return row?.[column] ?? null;
    return money.filter === null ? null : (this.chosen.get(money.filter) ?? null);
  }
}
