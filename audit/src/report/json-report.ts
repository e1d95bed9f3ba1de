import { isEqualReport, type AuditReport, type ShownKey, type StreamReport } from './audit-report';

/** The report as `--json` prints it. What there is nothing to say about is left out, but for the contract's own fields. */
export function jsonReport(report: AuditReport): string {
  const streams = report.streams.map(streamJson).join(',\n    ');
  const notLanded = report.notLanded.length === 0 ? '' : `  "not_landed": ${JSON.stringify(report.notLanded)},\n`;
  return `{\n  "streams": [\n    ${streams}\n  ],\n${notLanded}  "equal": ${isEqualReport(report)}\n}\n`;
}

function streamJson(stream: StreamReport): string {
  const members = [
    `"stream": ${JSON.stringify(stream.stream)}`,
    `"rows": ${stream.rows}`,
    `"missing": [${stream.missing.map(keyJson).join(', ')}]`,
    `"extra": [${stream.extra.map(keyJson).join(', ')}]`,
    `"different": [${stream.different
      .map((row) => {
        const values = row.values === undefined ? '' : `, "values": ${JSON.stringify(row.values)}`;
        return `{"key": ${keyJson(row.key)}, "columns": ${JSON.stringify(row.columns)}${values}}`;
      })
      .join(', ')}]`,
    `"in_flight": ${stream.inFlight}`,
    ...(stream.nulled === 0 ? [] : [`"nulled": ${stream.nulled}`]),
    ...(stream.notCompared.length === 0 ? [] : [`"not_compared": ${JSON.stringify(stream.notCompared)}`]),
  ];
  return `{${members.join(', ')}}`;
}

/** Whole numbers with all their digits, which JSON.stringify does not write. */
export function keyJson(key: ShownKey): string {
  if (typeof key === 'bigint') return key.toString();
  if (typeof key === 'string' || key === null) return JSON.stringify(key);
  return `[${key.map(keyJson).join(', ')}]`;
}
