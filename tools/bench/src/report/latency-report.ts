import type { Bucket, LatencySummary } from '../measure/latency';
import { printed, type Form } from './report';

const BAR = 40;

/** Percentiles as a table, then each distribution as bars of text. */
export function latencyReport(summaries: readonly LatencySummary[], form: Form): string {
  const percentiles = printed(
    [
      ['from commit to', 'changes', 'p50', 'p95', 'p99', 'max', 'target'],
      ...summaries.map(({ name, changes, p50, p95, p99, max, targets }) => [
        name,
        changes.toLocaleString('en'),
        ...[p50, p95, p99, max].map(milliseconds),
        targets.map(({ percentile, milliseconds: most }) => `p${percentile} < ${milliseconds(most)}`).join(', '),
      ]),
    ],
    form,
  );
  const plots = summaries.map((summary) => latencyPlot(summary));
  return [percentiles, ...(form === 'markdown' ? plots.map((text) => `\`\`\`text\n${text}\n\`\`\``) : plots)].join(
    '\n\n',
  );
}

function latencyPlot({ name, changes, histogram }: LatencySummary): string {
  const most = Math.max(...histogram.map((bucket) => bucket.changes));
  const rows = histogram.map((bucket, index) => {
    const bar = '█'.repeat(Math.ceil((bucket.changes / most) * BAR));
    const share = ((100 * bucket.changes) / changes).toFixed(1).padStart(5);
    return `${rangeOf(bucket, histogram[index - 1]).padStart(16)}  ${share} %  ${bar}`;
  });
  return [`commit to ${name}`, ...rows].join('\n');
}

function rangeOf({ below }: Bucket, before: Bucket | undefined): string {
  const from = before?.below ?? 0;
  return below === undefined ? `${from} ms and more` : `${from} to ${below} ms`;
}

function milliseconds(value: number): string {
  return `${Math.round(value).toLocaleString('en')} ms`;
}
