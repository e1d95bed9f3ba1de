import type { EChartsOption, SeriesOption } from 'echarts';
import type { PageQuestion } from '../../src/preview/page-data';
import { axes } from './axes';
import type { CardFormat, Rows } from './card-format';
import { numberOf, text, unique, type ChartInput } from './chart-input';
import { columnTitle, formatCompact, formatTick, formatValue, isMonth, parseTime } from './format';
import { legend, legendLines } from './legend';
import type { Palette } from './palette';
import { shareAxis } from './share-axis';
import { tooltip, tooltipBox } from './tooltip';
import { lastIsUnfinished } from './unfinished';
import { inLines, sentence, shorten } from './words';

type Row = Rows['rows'][number];

interface Series {
  readonly name: string;
  readonly title: string;
  readonly metric: string;
  readonly values: ReadonlyMap<string, Row>;
}

export function cartesian(input: ChartInput): EChartsOption {
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
      ...(few ? { interval: 0, lineHeight: LINE } : {}),
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

/** A line of a label is so high. */
const LINE = 15;
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

function axisName(card: PageQuestion, setting: string, palette: Palette, lines: number): object {
  const name = text(card.settings[setting]);
  if (name === undefined) return {};
  return { name, nameLocation: 'middle', nameGap: 28 + (lines - 1) * LINE, nameTextStyle: { color: palette.muted } };
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
