import type { PageQuestion } from '../../src/preview/page-data';
import type { CardFormat, Rows } from './card-format';
import { sentence } from './words';
import { element } from './dom';
import { columnTitle, formatValue } from './format';
import { shadeOf } from './shade';

/** What a click on a cell of a column does, where it does something. */
export type CellClick = (column: string, row: readonly (string | null)[]) => (() => void) | undefined;

/**
 * The answer as a table: headings sort, cells that filter are buttons, and ranges are shaded as Metabase's conditional
 * formatting says. It is a table card's picture, and every other card's other reading.
 */
export function tableOf(card: PageQuestion, rows: Rows, format: CardFormat, onCell: CellClick): HTMLTableElement {
  const body = element('tbody');
  const hidden = new Set(hiddenColumns(card));
  const shown = rows.columns.map((column, index) => ({ ...column, index })).filter(({ name }) => !hidden.has(name));
  const shade = shadeOf(card, rows);
  const fill = (order: Rows['rows']): void => {
    body.replaceChildren(
      ...order.map((row) =>
        element(
          'tr',
          {},
          ...shown.map(({ name, type, index }) => {
            const value = row[index] ?? null;
            const label =
              type === 'text'
                ? sentence(formatValue(value, format.of(name, row)))
                : formatValue(value, format.of(name, row));
            const cell = element('td', { class: type === 'number' ? 'number' : undefined });
            const act = value === null ? undefined : onCell(name, row);
            if (act === undefined) cell.textContent = label;
            else {
              const button = element('button', { type: 'button', class: 'cell-link' }, label);
              button.addEventListener('click', act);
              cell.append(button);
            }
            const tint = shade(name, value);
            if (tint !== undefined) {
              cell.classList.add('shaded');
              cell.style.setProperty('--tint', tint.color);
              cell.style.setProperty('--share', `${Math.round(tint.share * 100)}%`);
            }
            if (format.settings(name).show_mini_bar === true) addBar(cell, value, rows, index);
            return cell;
          }),
        ),
      ),
    );
  };
  fill(rows.rows);
  const headings = shown.map(({ name, type, index }) => {
    const button = element('button', { type: 'button', class: 'sort' }, columnTitle(name, format.settings(name)));
    const heading = element('th', { scope: 'col', class: type === 'number' ? 'number' : undefined }, button);
    button.addEventListener('click', () => {
      const down = heading.getAttribute('aria-sort') === 'ascending';
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      fill(sorted(rows.rows, index, type === 'number', down));
    });
    return heading;
  });
  return element(
    'table',
    {},
    element('caption', { class: 'hidden' }, card.title),
    element('thead', {}, element('tr', {}, ...headings)),
    body,
  );
}

function hiddenColumns(card: PageQuestion): string[] {
  const columns = card.settings['table.columns'];
  if (!Array.isArray(columns)) return [];
  return (columns as unknown[]).flatMap((column) => {
    if (typeof column !== 'object' || column === null) return [];
    const { name, enabled } = column as { name?: unknown; enabled?: unknown };
    return enabled === false && typeof name === 'string' ? [name] : [];
  });
}

function addBar(cell: HTMLTableCellElement, value: string | null, rows: Rows, index: number): void {
  const most = Math.max(...rows.rows.map((row) => Number(row[index] ?? 0)));
  const share = value === null || most <= 0 ? 0 : Math.max(0, Number(value) / most);
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', `${Math.round(share * 100)}%`);
  cell.append(bar);
}

function sorted(rows: Rows['rows'], index: number, numeric: boolean, down: boolean): Rows['rows'] {
  const factor = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [a[index] ?? null, b[index] ?? null];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1; // empty cells last
    return factor * (numeric ? Number(left) - Number(right) : left.localeCompare(right));
  });
}
