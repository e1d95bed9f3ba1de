import type * as ECharts from 'echarts';
import type { Answer, PageFilter, PageQuestion } from '../../src/preview/page-data';
import { CardFormat, type Rows } from './card-format';
import { axes } from './axes';
import { chartOption } from './chart-option';
import { element } from './dom';
import { emptyMessage } from './empty';
import { figureOf } from './figure';
import { notFilteredBy } from './not-filtered';
import type { Palette } from './palette';
import { tableOf } from './table';
import { variantKey, type Choice } from '../../src/preview/variant';

declare const echarts: typeof ECharts;

/** What a card needs of the page it is on. */
export interface Surroundings {
  readonly answers: readonly Answer[];
  /** When the warehouse was read, on a clock in the reporting time zone. */
  readonly readAt: string;
  palette(): Palette;
  colorPlace(column: string, value: string): number | undefined;
  click(
    card: PageQuestion,
    column: string | undefined,
    row: readonly (string | null)[],
    format: Rows,
  ): (() => void) | undefined;
  /** Asks the server that serves the page for an answer that is not on it; undefined where there is none to ask. */
  ask(card: PageQuestion, choices: ReadonlyMap<string, Choice>): Promise<Answer> | undefined;
}

/** What a card is drawn for: a screen's colours, or paper. */
export type Look = 'light' | 'dark' | 'print';

/** A question on the dashboard: heading, picture, and the same as a table for whoever cannot see the picture. */
export class CardView {
  readonly root: HTMLElement;
  private readonly body = element('div', { class: 'card-body' });
  private readonly details = element('details', { class: 'card-data' });
  private readonly unfiltered = element('p', { class: 'unfiltered' });
  private chart: ECharts.ECharts | undefined;
  private watched: ResizeObserver | undefined;
  private drawn = '';
  private look: Look = 'light';

  constructor(
    readonly card: PageQuestion,
    private readonly page: Surroundings,
    /** The filters that are shown above the card, whether or not they feed it. */
    private readonly above: readonly PageFilter[],
  ) {
    const id = `card-${card.key}`;
    const info = element(
      'span',
      { class: 'info', tabindex: 0, role: 'note', 'aria-label': card.description, 'data-tip': card.description },
      'i',
    );
    this.root = element(
      'section',
      { class: `card card-${card.display}`, 'aria-labelledby': id, 'data-card': card.key },
      element('header', {}, element('h3', { id }, card.title), info),
      this.unfiltered,
      this.body,
    );
    if (card.display !== 'table') this.root.append(this.details);
  }

  /** Draws the card for these choices; drawing the same again costs nothing. */
  draw(choices: ReadonlyMap<string, Choice>, look: Look): void {
    this.look = look;
    const others = notFilteredBy(this.card, this.above, choices);
    this.unfiltered.hidden = others.length === 0;
    this.unfiltered.textContent = `Not filtered by ${others.join(', ')}`;
    const values = this.card.filters.map((filter) => choices.get(filter) ?? null);
    const key = `${look}:${variantKey(values)}`;
    if (key === this.drawn) {
      this.chart?.resize();
      return;
    }
    this.drawn = key;
    const at = this.card.variants[variantKey(values)];
    const answer = at === undefined ? undefined : this.page.answers[at];
    if (answer !== undefined) {
      this.show(answer, choices);
      return;
    }
    const asked = this.page.ask(this.card, choices);
    if (asked === undefined) {
      this.message(
        'These filters together are not on this page. Clear one of them, or open the dashboard in Metabase.',
      );
      return;
    }
    this.message('Reading the warehouse…');
    void asked
      .catch((): Answer => ({ kind: 'failed', message: 'The server that made this page does not answer.' }))
      .then((late) => {
        if (this.drawn === key) this.show(late, choices);
      });
  }

  resize(): void {
    this.chart?.resize();
  }

  private show(answer: Answer, choices: ReadonlyMap<string, Choice>): void {
    this.root.dataset.state = answer.kind;
    if (answer.kind === 'failed') {
      this.message(answer.message, 'failed');
      return;
    }
    const format = new CardFormat(this.card, answer, choices);
    const figure = this.card.display === 'scalar' || this.card.display === 'smartscalar';
    if (answer.rows.length === 0 || (figure && answer.rows.every((row) => row.every((value) => value === null)))) {
      this.message(emptyMessage(this.card.description), 'empty');
      return;
    }
    this.disposeChart();
    const table = (): HTMLElement =>
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${this.card.title}: data` },
        tableOf(this.card, answer, format, (column, row) => this.page.click(this.card, column, row, answer)),
      );
    this.details.hidden = this.card.display === 'table';
    this.details.open = false;
    this.details.replaceChildren(
      element(
        'summary',
        {},
        `Data (${answer.rows.length}${answer.truncated ? '+' : ''} row${answer.rows.length === 1 ? '' : 's'})`,
      ),
    );
    this.details.addEventListener(
      'toggle',
      () => {
        if (this.details.open && this.details.childElementCount === 1) this.details.append(table());
      },
      { once: true },
    );
    if (this.card.display === 'table') this.body.replaceChildren(table());
    else if (figure) this.body.replaceChildren(figureOf(this.card, answer, format));
    else this.drawChart(answer, format);
    if (answer.truncated) this.body.append(element('p', { class: 'note' }, 'Only the first rows are on this page.'));
  }

  private drawChart(rows: Rows, format: CardFormat): void {
    const canvas = element('div', { class: 'chart' });
    this.body.replaceChildren(canvas);
    const chart = echarts.init(canvas, undefined, { renderer: 'svg' });
    const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const { readAt } = this.page;
    const colorPlace = (column: string, value: string): number | undefined => this.page.colorPlace(column, value);
    chart.setOption(
      chartOption({
        printing: this.look === 'print',
        width: chart.getWidth(),
        card: this.card,
        rows,
        format,
        palette: this.page.palette(),
        readAt,
        colorPlace,
        reducedMotion,
      }),
    );
    // The picture is one image to a screen reader; its table is under "Data".
    canvas.setAttribute('role', 'img');
    canvas.setAttribute(
      'aria-label',
      `${this.card.title}: ${this.card.display} chart of ${rows.rows.length} rows. The data is below it.`,
    );
    if (this.card.click !== null) {
      canvas.classList.add('clickable');
      chart.on('click', (event) => {
        const row = clickedRow(this.card, rows, format, event);
        if (row !== undefined) this.page.click(this.card, undefined, row, rows)?.();
      });
    }
    this.chart = chart;
    // Its card may be another width once all cards are placed, and on a phone that is turned.
    this.watched = new ResizeObserver(() => {
      chart.resize();
    });
    this.watched.observe(canvas);
  }

  private message(words: string, state = 'waiting'): void {
    this.disposeChart();
    this.root.dataset.state = state;
    this.body.replaceChildren(element('p', { class: `message ${state}` }, words));
    this.details.hidden = true;
  }

  private disposeChart(): void {
    this.watched?.disconnect();
    this.chart?.dispose();
    this.chart = undefined;
  }
}

/** The row under a clicked mark: by position for a pie or funnel, by category and series elsewhere. */
function clickedRow(
  card: PageQuestion,
  rows: Rows,
  format: CardFormat,
  event: { readonly dataIndex: number; readonly seriesId?: string; readonly name: string },
): readonly (string | null)[] | undefined {
  if (card.display === 'pie' || card.display === 'funnel') return rows.rows[event.dataIndex];
  const { x, breakout } = axes(card, rows);
  const series = event.seriesId?.replace(/^\d+:/, '');
  return rows.rows.find(
    (row) =>
      (row[format.index(x)] ?? '–') === event.name &&
      (breakout === undefined || (row[format.index(breakout)] ?? '–') === series),
  );
}
