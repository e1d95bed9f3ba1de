import { count } from '@ewallet/failure';
import { differencesIn, isEqualReport, type AuditReport, type DifferentRow, type StreamReport } from './audit-report';
import { keyJson } from './json-report';

/** Keys that a person reads of each kind; `--json` has all of them. */
const KEYS_SHOWN = 20;

/** The report as a person reads it. */
export function textReport(report: AuditReport): string {
  const lines = report.streams.flatMap(streamLines);
  const rows = report.streams.reduce((sum, stream) => sum + stream.rows, 0);
  const wrong = report.streams.reduce((sum, stream) => sum + differencesIn(stream), 0);
  const inFlight = report.streams.reduce((sum, stream) => sum + stream.inFlight, 0);
  const notLanded =
    report.notLanded.length === 0
      ? []
      : [
          `Not in the warehouse, so not compared: ${report.notLanded.join(', ')}. Name the streams in \`streams\` to have them required.`,
        ];
  const moving = inFlight === 0 ? '' : ` ${count(inFlight, 'row')} in flight, not judged.`;
  const verdict = isEqualReport(report)
    ? `Equal: ${count(rows, 'row')} of ${count(report.streams.length, 'stream')}.${moving}`
    : `Different: ${count(wrong, 'finding')} in ${count(rows, 'row')} of ${count(report.streams.length, 'stream')}.${moving}`;
  return `${[...lines, ...notLanded, `${verdict} ${report.seconds.toFixed(1)} s.`].join('\n')}\n`;
}

function streamLines(stream: StreamReport): readonly string[] {
  const parts = [
    count(stream.rows, 'row'),
    ...(stream.missing.length === 0 ? [] : [`${stream.missing.length.toLocaleString('en')} missing`]),
    ...(stream.extra.length === 0 ? [] : [`${stream.extra.length.toLocaleString('en')} extra`]),
    ...(stream.different.length === 0 ? [] : [`${stream.different.length.toLocaleString('en')} different`]),
    ...(stream.inFlight === 0 ? [] : [`${stream.inFlight.toLocaleString('en')} in flight`]),
    ...(stream.nulled === 0 ? [] : [`${stream.nulled.toLocaleString('en')} with values that could not be carried`]),
  ];
  const verdict = differencesIn(stream) === 0 ? 'equal    ' : 'DIFFERENT';
  return [
    `${verdict} ${stream.stream}: ${parts.join(', ')}`,
    ...(stream.notCompared.length === 0 ? [] : [`  not in the warehouse: columns ${stream.notCompared.join(', ')}`]),
    ...shown('missing', stream.missing, keyJson),
    ...shown('extra', stream.extra, keyJson),
    ...shown('different', stream.different, differentText),
  ];
}

function shown<Item>(kind: string, items: readonly Item[], text: (item: Item) => string): readonly string[] {
  const lines = items.slice(0, KEYS_SHOWN).map((item) => `  ${kind} ${text(item)}`);
  const more = items.length - KEYS_SHOWN;
  return more > 0 ? [...lines, `  … and ${more.toLocaleString('en')} more ${kind}; --json names all`] : lines;
}

function differentText(row: DifferentRow): string {
  const columns = row.columns.map((column) => {
    const values = row.values?.[column];
    if (values === undefined) return column;
    return `${column} (source ${JSON.stringify(values.source)}, warehouse ${JSON.stringify(values.warehouse)})`;
  });
  return `${keyJson(row.key)}: ${columns.join(', ')}`;
}
