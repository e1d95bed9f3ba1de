import type { EChartsOption } from 'echarts';
import { cartesian } from './cartesian';
import type { ChartInput } from './chart-input';
import { funnel } from './funnel';
import { pie } from './pie';

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
