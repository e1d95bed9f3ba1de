import type { DelaySummary } from '../measure/delay';
import type { HopSummary } from '../measure/measurement';

/** How a table is written: in columns of fixed width, or as Markdown. */
export type Form = 'text' | 'markdown';

/** The figures as a table. */
export function table(summaries: readonly HopSummary[], form: Form): string {
  const rows = [
    [
      'hop',
      'rows/s',
      'MB/s',
      'limit',
      'limit rows/s',
      'ratio min / median / max',
      'target',
      'peak RSS',
      'CPU s / 1M rows',
    ],
    ...summaries.map((summary) => [
      summary.hop,
      whole(summary.rowsPerSecond),
      summary.megabytesPerSecond === 0 ? '' : summary.megabytesPerSecond.toFixed(1),
      summary.limit,
      whole(summary.limitRowsPerSecond),
      `${summary.ratio.min.toFixed(2)} / ${summary.ratio.median.toFixed(2)} / ${summary.ratio.max.toFixed(2)}`,
      summary.target === undefined ? '' : `≥ ${summary.target}`,
      `${summary.peakRssMegabytes.toFixed(0)} MB`,
      summary.cpuSecondsPerMillionRows.toFixed(1),
    ]),
  ];
  return printed(rows, form);
}

/** What has no limit to be a ratio of, in seconds. */
export function delayTable(delays: readonly DelaySummary[], form: Form): string {
  return printed(
    [
      ['what', 'seconds min / median / max', 'target', 'peak RSS'],
      ...delays.map(({ name, seconds, target, peakRssMegabytes }) => [
        name,
        `${seconds.min.toFixed(2)} / ${seconds.median.toFixed(2)} / ${seconds.max.toFixed(2)}`,
        target === undefined ? '' : `< ${target} s`,
        peakRssMegabytes === 0 ? '' : `${peakRssMegabytes.toFixed(0)} MB`,
      ]),
    ],
    form,
  );
}

/** A head and rows of cells. */
export function printed(rows: readonly (readonly string[])[], form: Form): string {
  if (form === 'markdown') {
    const [head = [], ...body] = rows;
    return [head, head.map(() => '---'), ...body]
      .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
      .join('\n');
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
