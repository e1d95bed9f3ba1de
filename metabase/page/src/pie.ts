import type { EChartsOption } from 'echarts';
import { numberOf, text, textList, type ChartInput } from './chart-input';
import { columnTitle, formatValue } from './format';
import { legend } from './legend';
import { tooltip, tooltipBox } from './tooltip';
import { sentence } from './words';

export function pie({ card, rows, format, palette, printing }: ChartInput): EChartsOption {
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
