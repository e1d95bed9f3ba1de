import type { HopSummary } from '../measure/measurement';

const LEFT = 150;
const WIDTH = 720;
const BAR = 22;
const ROW = 62;

/** Each hop's throughput as a bar over its limit's, to one scale of 0 to 1, with the spread of the trials. */
export function plot(summaries: readonly HopSummary[]): string {
  const scale = (WIDTH - LEFT - 120) / Math.max(1, ...summaries.map(({ ratio }) => ratio.max));
  const rows = summaries.map((summary, index) => {
    const y = 48 + index * ROW;
    const { ratio, target } = summary;
    const end = LEFT + ratio.median * scale;
    const middle = y + BAR / 2;
    return [
      `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end" class="name">${escape(summary.hop)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${scale.toFixed(1)}" height="${BAR}" class="limit"/>`,
      `<rect x="${LEFT}" y="${y}" width="${(ratio.median * scale).toFixed(1)}" height="${BAR}" class="hop"/>`,
      `<line x1="${(LEFT + ratio.min * scale).toFixed(1)}" x2="${(LEFT + ratio.max * scale).toFixed(1)}" y1="${middle}" y2="${middle}" class="spread"/>`,
      target === undefined
        ? ''
        : `<line x1="${(LEFT + target * scale).toFixed(1)}" x2="${(LEFT + target * scale).toFixed(1)}" y1="${y - 4}" y2="${y + BAR + 4}" class="target"/>`,
      `<text x="${(Math.max(end, LEFT + scale) + 8).toFixed(1)}" y="${middle + 4}" class="value">${ratio.median.toFixed(2)}</text>`,
      `<text x="${LEFT}" y="${y + BAR + 15}" class="note">${Math.round(summary.rowsPerSecond).toLocaleString('en')} rows/s of ${Math.round(summary.limitRowsPerSecond).toLocaleString('en')} (${escape(summary.limit)})</text>`,
    ].join('\n  ');
  });
  const height = 60 + summaries.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Throughput of each hop beside its limit">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #24292f } .name { font-weight: 600 } .note { font-size: 11px; fill: #57606a }
    .title { font-size: 15px; font-weight: 600 } .limit { fill: #d0d7de } .hop { fill: #2f6feb } .spread { stroke: #0b2f7a; stroke-width: 2 }
    .target { stroke: #bf3989; stroke-width: 2; stroke-dasharray: 3 2 } .ground { fill: #ffffff }
  </style>
  <rect width="${WIDTH}" height="${height}" class="ground"/>
  <text x="16" y="26" class="title">Throughput beside the limit (grey); dashed: target; line: spread of the trials</text>
  ${rows.join('\n  ')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
