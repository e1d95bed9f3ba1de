import type { HopSummary } from '../measure/measurement';
import { printed, type Form } from './report';

/** The hops' figures at one number of transactions. */
export interface Size {
  readonly rows: number;
  readonly summaries: readonly HopSummary[];
}

/** Growth from size to size, and what it costs to start: a run of so few rows that they take no time themselves. */
export interface Growth {
  readonly start: Size;
  readonly sizes: readonly Size[];
}

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 60;
const RIGHT = 560;
const TOP = 50;
const BOTTOM = 330;
const COLOURS = ['#2f6feb', '#bf3989', '#1a7f37', '#9a6700', '#8250df', '#cf222e'];

/**
 * What a million rows cost at each size, in seconds, beyond what it took to start, and the throughput of the largest size,
 * start and all, beside the one before it. A hop that is timed without its start has none to take off.
 */
export function growthTable(growth: Growth, form: Form): string {
  const { start, sizes } = growth;
  const head = [
    'hop',
    `start, with ${start.rows.toLocaleString('en')} rows`,
    ...sizes.map(({ rows }) => `${rows.toLocaleString('en')} rows`),
    'throughput, last to one before',
  ];
  const body = hopsOf(sizes).map((hop) => {
    const begun = secondsOf(start, hop);
    const costs = sizes.map((size) => cost(growth, size, hop));
    const [before, last] = sizes.slice(-2).map((size) => summaryOf(size, hop)?.rowsPerSecond);
    return [
      hop,
      begun === undefined ? '' : `${begun.toFixed(2)} s`,
      ...costs.map((value) => (value === undefined ? '' : `${value.toFixed(1)} s / 1M`)),
      before === undefined || last === undefined ? '' : (last / before).toFixed(2),
    ];
  });
  return printed([head, ...body], form);
}

/** The same as lines over a logarithmic axis of rows: a flat line is a cost that does not grow. */
export function growthPlot(growth: Growth): string {
  const { sizes } = growth;
  const rows = sizes.map((size) => size.rows);
  const [low, high] = [Math.log10(Math.min(...rows)), Math.log10(Math.max(...rows))];
  const most = Math.max(...hopsOf(sizes).flatMap((hop) => sizes.map((size) => cost(growth, size, hop) ?? 0)));
  const x = (value: number): number => LEFT + ((Math.log10(value) - low) / (high - low || 1)) * (RIGHT - LEFT);
  const y = (value: number): number => BOTTOM - (value / most) * (BOTTOM - TOP);
  const lines = hopsOf(sizes).map((hop, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '#24292f';
    const points = sizes.flatMap((size) => {
      const value = cost(growth, size, hop);
      return value === undefined ? [] : [{ x: x(size.rows), y: y(value) }];
    });
    const end = points.at(-1)?.y ?? BOTTOM;
    return [
      `<polyline points="${points.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map(
        (point) => `<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="3.5" fill="${colour}"/>`,
      ),
      `<text x="${RIGHT + 12}" y="${(end + 4).toFixed(1)}" style="fill:${colour}">${hop}</text>`,
    ].join('\n  ');
  });
  const ticks = sizes.map(
    (size) =>
      `<text x="${x(size.rows).toFixed(1)}" y="${BOTTOM + 20}" text-anchor="middle">${size.rows.toLocaleString('en')}</text>`,
  );
  const levels = [0, most / 2, most].map(
    (value) =>
      `<line x1="${LEFT}" x2="${RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#d0d7de"/><text x="${LEFT - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(1)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Seconds a million rows take in each hop once it has started, by the number of rows">
  <style>text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 15px; font-weight: 600 }</style>
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
  <text x="16" y="26" class="title">Seconds a million rows once started, by the number of rows</text>
  ${[...levels, ...ticks, ...lines].join('\n  ')}
  <text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">transactions, logarithmic</text>
</svg>
`;
}

function hopsOf(sizes: readonly Size[]): string[] {
  return [...new Set(sizes.flatMap(({ summaries }) => summaries.map(({ hop }) => hop)))];
}

/** Seconds that a million rows take beyond those of the start. */
function cost({ start }: Growth, size: Size, hop: string): number | undefined {
  const seconds = secondsOf(size, hop);
  const rows = summaryOf(size, hop)?.rows;
  if (seconds === undefined || rows === undefined) return undefined;
  return ((seconds - (secondsOf(start, hop) ?? 0)) / (rows - (summaryOf(start, hop)?.rows ?? 0))) * 1e6;
}

function secondsOf(size: Size, hop: string): number | undefined {
  const summary = summaryOf(size, hop);
  return summary === undefined ? undefined : summary.rows / summary.rowsPerSecond;
}

function summaryOf({ summaries }: Size, hop: string): HopSummary | undefined {
  return summaries.find((candidate) => candidate.hop === hop);
}
