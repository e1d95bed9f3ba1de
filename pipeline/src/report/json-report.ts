import { worst, type Line } from '../verdict/verdict';

/**
 * `{version, at, verdict, lines: [{hop, subject, verdict, says, findings: [{code, verdict, says, next}], facts}]}`; times are
 * ISO 8601. docs/status.md describes `facts` of each hop.
 */
export function jsonReport(lines: readonly Line[], at: Date): string {
  return `${JSON.stringify({ version: 1, at, verdict: worst(lines.map(({ verdict }) => verdict)), lines })}\n`;
}
