import type { EChartsOption, SeriesOption } from 'echarts';
import type { PageQuestion } from '../../src/preview/page-data';
import type { CardFormat, Rows } from './card-format';
import { columnTitle, formatCompact, formatTick, formatValue, isMonth, parseTime } from './format';
import type { Palette } from './palette';
import { shareAxis } from './share-axis';
import { lastIsUnfinished } from './unfinished';

/** Everything a chart is drawn from. */
export interface ChartInput {
  readonly card: PageQuestion;
  readonly rows: Rows;
  readonly format: CardFormat;
  readonly palette: Palette;
  /** When the warehouse was read, on a clock in the reporting time zone. */
  readonly readAt: string;
  /** The place in the palette that a value of a column has on every card; undefined for what no card breaks out. */
  readonly colorPlace: (column: string, value: string) => number | undefined;
  readonly reducedMotion: boolean;
  /** How many pixels wide the picture is. */
  readonly width: number;
  /** On paper nobody can turn the pages of a legend: all of it is there, in as many lines as it takes. */
  readonly printing: boolean;
}

type Row = Rows['rows'][number];

/** What Metabase's settings for a chart mean to ECharts. */
export function chartOption(input: ChartInput): EChartsOption {
  const { card, palette } = input;
  const base: EChartsOption = {
    animation: !input.reducedMotion,
    animationDuration: 350,
    color: [...palette.series],
    textStyle: { fontFamily: 'inherit', color: palette.ink },
    aria: { enabled: true, label: { description: `${card.title}. ${card.description}` } },
  };
  switch (card.display) {
    case 'pie':
      return { ...base, ...pie(input) };
    case 'funnel':
      return { ...base, ...funnel(input) };
    default:
      return { ...base, ...cartesian(input) };
  }
}

interface Series {
  readonly name: string;
  readonly title: string;
  readonly metric: string;
  readonly values: ReadonlyMap<string, Row>;
}

/** Dimensions and metrics of the card, from the settings or else the first column and every number after it. */
export function axes(card: PageQuestion, rows: Rows): { x: string; breakout: string | undefined; metrics: string[] } {
  const names = rows.columns.map((column) => column.name);
  const [x, breakout] = textList(card.settings['graph.dimensions']).filter((name) => names.includes(name));
  const metrics = textList(card.settings['graph.metrics']).filter((name) => names.includes(name));
  const first = x ?? names[0] ?? '';
  const numbers = rows.columns.filter((column) => column.type === 'number' && column.name !== first);
  return { x: first, breakout, metrics: metrics.length > 0 ? metrics : numbers.map((column) => column.name) };
}

function cartesian(input: ChartInput): EChartsOption {
  const { card, rows, format, palette } = input;
  const { x, breakout, metrics } = axes(card, rows);
  const xIndex = format.index(x);
  const horizontal = card.display === 'row';
  const timeline = rows.columns[xIndex]?.type === 'time';
  const scatter = card.display === 'scatter';
  const categories = unique(rows.rows.map((row) => row[xIndex] ?? '–'));
  const series = seriesOf(input, breakout, metrics, xIndex);
  const last = categories.length - 1;
  const unfinished = timeline && lastIsUnfinished(categories, input.readAt);
  const stack = text(card.settings['stackable.stack_type']);
  const normalized = stack === 'normalized';
  const totals = normalized ? totalsBy(categories, series, format) : undefined;
  const rightAxis = series.some((one) => seriesSetting(card, one.name, 'axis') === 'right');
  const firstMetric = metrics[0] ?? '';
  const label = (value: string): string =>
    timeline && !isMonth(x) ? axisTime(value) : formatValue(value, format.of(x));

  // Few names stand all, in several lines where they are long; ECharts would leave every second one out.
  const few = !timeline && !horizontal && categories.length <= FEW_NAMES;
  const room = Math.max(44, (input.width - PIXELS_OF_AXIS) / categories.length - 8);
  const shown = (value: string): string => {
    const name = shorten(label(value), horizontal ? 22 : 20);
    return few ? inLines(name, room / PIXELS_OF_LETTER) : name;
  };
  const lines = few ? Math.max(1, ...categories.map((value) => shown(value).split('\n').length)) : 1;

  const categoryAxis = {
    type: 'category' as const,
    data: categories,
    inverse: horizontal,
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: {
      color: palette.muted,
      hideOverlap: true,
      formatter: shown,
      ...(few ? { interval: 0 } : {}),
      // Of many narrow days the last one's date would stand half beyond the picture.
      ...(timeline && categories.length > 30 ? { alignMaxLabel: 'right' as const } : {}),
    },
    ...(horizontal ? {} : axisName(card, 'graph.x_axis.title_text', palette, lines)),
  };
  const autoRange = card.settings['graph.y_axis.auto_range'] === true;
  // A stack is as high as its parts together.
  const sharesOf = (metric: string): number[] =>
    stack === undefined
      ? series
          .filter((one) => isPercent(format.settings(one.metric)) === isPercent(format.settings(metric)))
          .flatMap((one) => [...one.values.values()].flatMap((row) => numberOf(row[format.index(one.metric)]) ?? []))
      : [];
  const valueAxis = (metric: string, side: 'left' | 'right'): object => ({
    type: 'value' as const,
    position: horizontal ? undefined : side,
    splitLine: { show: side === 'left', lineStyle: { color: palette.line } },
    // Metabase's auto range leaves the zero out, so that a rate near 100% shows how it moves.
    scale: autoRange,
    ...(normalized ? { max: 1 } : isPercent(format.settings(metric)) ? shareAxis(sharesOf(metric), autoRange) : {}),
    axisLabel: {
      color: palette.muted,
      hideOverlap: true,
      formatter: (value: number): string =>
        normalized || isPercent(format.settings(metric))
          ? `${Number((value * 100).toFixed(2))}%`
          : formatTick(value, format.of(metric)),
    },
  });
  const rightMetric = series.find((one) => seriesSetting(card, one.name, 'axis') === 'right')?.metric ?? firstMetric;
  const values = rightAxis
    ? [valueAxis(firstMetric, 'left'), valueAxis(rightMetric, 'right')]
    : [valueAxis(firstMetric, 'left')];
  const drawn = series.map((one, index): SeriesOption => {
    const kind =
      text(seriesSetting(card, one.name, 'display')) ?? (card.display === 'combo' && index > 0 ? 'line' : card.display);
    const own = text(seriesSetting(card, one.name, 'color'));
    const place = breakout === undefined ? undefined : input.colorPlace(breakout, one.name);
    const color = own ?? palette.series[(place ?? index) % palette.series.length] ?? palette.ink;
    const column = format.index(one.metric);
    const data = categories.map((category) => {
      const value = numberOf(one.values.get(category)?.[column]);
      if (value === null || totals === undefined) return value;
      const total = totals.get(category) ?? 0;
      return total === 0 ? 0 : value / total;
    });
    const common = {
      name: one.title,
      id: `${index}:${one.name}`,
      data,
      itemStyle: { color },
      ...(seriesSetting(card, one.name, 'axis') === 'right' ? { yAxisIndex: 1 } : {}),
      ...(stack !== undefined && kind !== 'line' ? { stack: 'all' } : {}),
      emphasis: { focus: 'series' as const },
    };
    if (scatter) return { ...common, type: 'scatter', symbolSize: 9 };
    if (kind === 'line' || kind === 'area')
      return {
        ...common,
        type: 'line',
        showSymbol: categories.length < 3,
        symbol: 'circle',
        symbolSize: 7,
        smooth: 0.2,
        smoothMonotone: 'x',
        lineStyle: { width: 2.25, color },
        ...(unfinished && index === 0
          ? {
              markArea: {
                silent: true,
                itemStyle: { color: palette.line, opacity: 0.7 },
                data: [[{ xAxis: last - 1 }, { xAxis: last }]],
              },
            }
          : {}),
        ...(kind === 'area' ? { areaStyle: { opacity: stack === undefined ? 0.14 : 0.5, color } } : {}),
      };
    return {
      ...common,
      type: 'bar',
      data: data.map((value, at) => (unfinished && at === last ? { value, itemStyle: { opacity: 0.45 } } : value)),
      barMaxWidth: horizontal ? 22 : 36,
      itemStyle: { color, borderRadius: stack === undefined ? (horizontal ? [0, 4, 4, 0] : [4, 4, 0, 0]) : 0 },
      ...(card.settings['graph.show_values'] === true
        ? {
            label: {
              show: true,
              position: horizontal ? ('right' as const) : ('top' as const),
              color: palette.muted,
              formatter: ({ value }: { value?: unknown }): string =>
                typeof value === 'number' ? formatCompact(String(value), format.of(one.metric)) : '',
            },
          }
        : {}),
    };
  });
  return {
    grid: {
      left: 12,
      right: horizontal ? 44 : 24, // half of the last date stands beyond the axis
      top: series.length > 1 ? 40 + (input.printing ? legendLines(series.map(({ title }) => title)) - 1 : 0) * 18 : 18,
      bottom: text(card.settings['graph.x_axis.title_text']) === undefined || horizontal ? 8 : 26,
      containLabel: true,
    },
    legend: legend({ show: series.length > 1, printing: input.printing }, palette),
    tooltip: {
      ...tooltip(palette),
      trigger: 'axis',
      axisPointer: { type: drawn.some((one) => one.type === 'bar') ? 'shadow' : 'line' },
      formatter: (hovered: unknown): HTMLElement => {
        const items = (Array.isArray(hovered) ? hovered : [hovered]) as {
          dataIndex: number;
          seriesIndex: number;
          color?: unknown;
        }[];
        const category = categories[items[0]?.dataIndex ?? 0] ?? '';
        return tooltipBox(
          timeline
            ? formatValue(category, format.of(x)) + (unfinished && category === categories[last] ? ' (so far)' : '')
            : label(category),
          items.flatMap((item) => {
            const one = series[item.seriesIndex];
            if (one === undefined) return [];
            const row = one.values.get(category);
            const value = row?.[format.index(one.metric)] ?? null;
            return value === null
              ? []
              : [
                  {
                    color: typeof item.color === 'string' ? item.color : palette.muted,
                    name: one.title,
                    value: formatValue(value, format.of(one.metric, row)),
                  },
                ];
          }),
        );
      },
    },
    xAxis: (horizontal ? values[0] : categoryAxis) as NonNullable<EChartsOption['xAxis']>,
    yAxis: horizontal ? categoryAxis : values,
    series: drawn,
  };
}

const FEW_NAMES = 8;
/** What the value axis takes of the width. */
const PIXELS_OF_AXIS = 80;
/** A letter of a label is about so wide. */
const PIXELS_OF_LETTER = 6.6;

function isPercent(settings: Readonly<Record<string, unknown>>): boolean {
  return settings.number_style === 'percent';
}

function seriesOf(
  input: ChartInput,
  breakout: string | undefined,
  metrics: readonly string[],
  xIndex: number,
): Series[] {
  const { card, rows, format } = input;
  const indexed = (list: readonly Row[]): Map<string, Row> => new Map(list.map((row) => [row[xIndex] ?? '–', row]));
  const [metric] = metrics;
  if (breakout === undefined || metric === undefined)
    return metrics.map((name) => ({
      name,
      title: text(seriesSetting(card, name, 'title')) ?? columnTitle(name, format.settings(name)),
      metric: name,
      values: indexed(rows.rows),
    }));
  const column = format.index(breakout);
  return unique(rows.rows.map((row) => row[column] ?? '–')).map((name) => ({
    name,
    title: text(seriesSetting(card, name, 'title')) ?? sentence(name),
    metric,
    values: indexed(rows.rows.filter((row) => (row[column] ?? '–') === name)),
  }));
}

function totalsBy(categories: readonly string[], series: readonly Series[], format: CardFormat): Map<string, number> {
  return new Map(
    categories.map((category) => [
      category,
      series.reduce((sum, one) => sum + (numberOf(one.values.get(category)?.[format.index(one.metric)]) ?? 0), 0),
    ]),
  );
}

function pie({ card, rows, format, palette, printing }: ChartInput): EChartsOption {
  const names = rows.columns.map((column) => column.name);
  const dimension =
    text(card.settings['pie.dimension']) ?? textList(card.settings['pie.dimension'])[0] ?? names[0] ?? '';
  const metric = text(card.settings['pie.metric']) ?? names[1] ?? '';
  const [at, value] = [format.index(dimension), format.index(metric)];
  const colors = card.settings['pie.colors'];
  const sliceColors = typeof colors === 'object' && colors !== null ? (colors as Record<string, unknown>) : {};
  const total = rows.rows.reduce((sum, row) => sum + (numberOf(row[value]) ?? 0), 0);
  const titles = rows.rows.map((row) => sentence(row[at] ?? '–'));
  const shares = rows.rows.map((row) =>
    total === 0 ? '' : `${((100 * (numberOf(row[value]) ?? 0)) / total).toFixed(1)}%`,
  );
  return {
    legend: {
      ...legend({ show: true, printing }, palette),
      formatter: (name: string): string => `${name}  ${shares[titles.indexOf(name)] ?? ''}`,
      orient: 'vertical',
      right: 6,
      top: 'middle',
      left: 'auto',
    },
    tooltip: {
      ...tooltip(palette),
      trigger: 'item',
      formatter: (hovered: unknown): HTMLElement => {
        const item = hovered as { dataIndex: number; color?: unknown };
        const row = rows.rows[item.dataIndex];
        return tooltipBox(titles[item.dataIndex] ?? '–', [
          {
            color: typeof item.color === 'string' ? item.color : palette.muted,
            name: columnTitle(metric, format.settings(metric)),
            value: `${formatValue(row?.[value] ?? null, format.of(metric, row))} (${shares[item.dataIndex] ?? ''})`,
          },
        ]);
      },
    },
    series: [
      {
        type: 'pie',
        // Beside the legend with its shares, also where the card is a third of a page or a phone wide.
        radius: ['38%', '60%'],
        center: ['30%', '50%'],
        itemStyle: { borderColor: palette.surface, borderWidth: 2 },
        label: { show: false },
        data: rows.rows.map((row, index) => ({
          name: titles[index] ?? '–',
          value: numberOf(row[value]) ?? 0,
          itemStyle: {
            color: text(sliceColors[row[at] ?? '']) ?? palette.series[index % palette.series.length] ?? palette.ink,
          },
        })),
      },
    ],
  };
}

function funnel({ card, rows, format, palette }: ChartInput): EChartsOption {
  const names = rows.columns.map((column) => column.name);
  const dimension = text(card.settings['funnel.dimension']) ?? names[0] ?? '';
  const metric = text(card.settings['funnel.metric']) ?? names[1] ?? '';
  const [at, value] = [format.index(dimension), format.index(metric)];
  const first = numberOf(rows.rows[0]?.[value]) ?? 0;
  const last = numberOf(rows.rows.at(-1)?.[value]) ?? 0;
  return {
    tooltip: {
      ...tooltip(palette),
      trigger: 'item',
      formatter: (hovered: unknown): HTMLElement => {
        const row = rows.rows[(hovered as { dataIndex: number }).dataIndex];
        return tooltipBox(sentence(row?.[at] ?? '–'), [
          {
            color: palette.series[0] ?? '',
            name: columnTitle(metric, format.settings(metric)),
            value: formatValue(row?.[value] ?? null, format.of(metric, row)),
          },
        ]);
      },
    },
    series: [
      {
        type: 'funnel',
        sort: 'none',
        left: 8,
        right: 8,
        top: 8,
        bottom: 8,
        gap: 3,
        // The last step ends as wide as it is; tapering to a point it would cut its own label off.
        min: last,
        max: first,
        minSize: `${Math.max(30, first === 0 ? 0 : Math.round((100 * last) / first))}%`,
        label: {
          show: true,
          position: 'inside',
          color: '#ffffff',
          fontWeight: 600,
          formatter: ({ dataIndex }: { dataIndex?: number }): string => {
            const row = rows.rows[dataIndex ?? 0];
            const reached = numberOf(row?.[value]) ?? 0;
            const share = first === 0 ? '' : `  ${Math.round((100 * reached) / first)}%`;
            return `${sentence(row?.[at] ?? '–')}  ${formatCompact(row?.[value] ?? null, format.of(metric, row))}${share}`;
          },
        },
        itemStyle: { borderWidth: 0, borderRadius: 4 },
        data: rows.rows.map((row, index) => ({
          name: sentence(row[at] ?? '–'),
          value: numberOf(row[value]) ?? 0,
          // White text on every step: one dark hue that lightens a little a step.
          itemStyle: { color: funnelHue(index) },
        })),
      },
    ],
  };
}

function funnelHue(step: number): string {
  return ['#2b44b0', '#3450be', '#3d5bd9', '#4a68dc', '#5872dd'][Math.min(step, 4)] ?? '#3d5bd9';
}

/** How many lines a legend takes on the narrowest card of a sheet of paper: marks, gaps, and about what letters are wide. */
function legendLines(titles: readonly string[]): number {
  return Math.ceil(titles.reduce((width, title) => width + 26 + 7 * title.length, 0) / 560);
}

function legend({ show, printing }: { readonly show: boolean; readonly printing: boolean }, palette: Palette): object {
  return {
    show,
    type: printing ? 'plain' : 'scroll',
    top: 4,
    left: 8,
    icon: 'roundRect',
    itemWidth: 10,
    itemHeight: 10,
    itemGap: 14,
    textStyle: { color: palette.muted },
    pageTextStyle: { color: palette.muted },
  };
}

function tooltip(palette: Palette): object {
  return {
    confine: true,
    appendTo: 'body',
    backgroundColor: palette.surface,
    borderColor: palette.line,
    padding: 0,
    textStyle: { color: palette.ink, fontSize: 12 },
  };
}

/** A tooltip made of text nodes: ECharts would read a string as HTML. */
function tooltipBox(title: string, lines: readonly { color: string; name: string; value: string }[]): HTMLElement {
  const box = document.createElement('div');
  box.className = 'tip';
  const head = document.createElement('div');
  head.className = 'tip-title';
  head.textContent = title;
  box.append(head);
  for (const line of lines) {
    const row = document.createElement('div');
    row.className = 'tip-line';
    const dot = document.createElement('span');
    dot.className = 'tip-dot';
    dot.style.background = line.color;
    const name = document.createElement('span');
    name.textContent = line.name;
    const value = document.createElement('b');
    value.textContent = line.value;
    row.append(dot, name, value);
    box.append(row);
  }
  return box;
}

function axisName(card: PageQuestion, setting: string, palette: Palette, lines: number): object {
  const name = text(card.settings[setting]);
  if (name === undefined) return {};
  return { name, nameLocation: 'middle', nameGap: 28 + (lines - 1) * 14, nameTextStyle: { color: palette.muted } };
}

const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function axisTime(value: string): string {
  const instant = parseTime(value);
  return instant === null ? value : shortDay.format(instant);
}

function seriesSetting(card: PageQuestion, name: string, setting: string): unknown {
  const all = card.settings.series_settings;
  const one = typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[name] : undefined;
  return typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[setting] : undefined;
}

const acronyms: Readonly<Record<string, string>> = { api: 'API', ios: 'iOS', kyc: 'KYC', pin: 'PIN', qr: 'QR' };

/** `bank_transfer` → `Bank transfer`, `api` → `API`: the marts' codes as words. What is no such code stays as it is. */
export function sentence(code: string): string {
  if (code === 'top_up') return 'Top-up'; // as the content's own titles spell it
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(code)) return code;
  return code
    .split('_')
    .map((word, index) => acronyms[word] ?? (index === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word))
    .join(' ');
}

function shorten(label: string, length: number): string {
  const named = sentence(label);
  return named.length > length ? `${named.slice(0, length - 1)}…` : named;
}

/** A name in lines of about so many letters, parted between words alone: a number in two lines reads as two. */
export function inLines(name: string, letters: number): string {
  return name.split(' ').reduce((lines, word) => {
    const last = lines.slice(lines.lastIndexOf('\n') + 1);
    return lines === '' ? word : lines + (last.length + 1 + word.length > letters ? '\n' : ' ') + word;
  }, '');
}

function numberOf(value: string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
