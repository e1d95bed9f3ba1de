import type { EChartsOption } from 'echarts';
import { numberOf, text, type ChartInput } from './chart-input';
import { columnTitle, formatCompact, formatValue } from './format';
import { tooltip, tooltipBox } from './tooltip';
import { sentence } from './words';

export function funnel({ card, rows, format, palette }: ChartInput): EChartsOption {
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
          // White text on every step: one dark hue that lightens a little with each step.
          itemStyle: { color: funnelHue(index) },
        })),
      },
    ],
  };
}

function funnelHue(step: number): string {
  return ['#2b44b0', '#3450be', '#3d5bd9', '#4a68dc', '#5872dd'][Math.min(step, 4)] ?? '#3d5bd9';
}
