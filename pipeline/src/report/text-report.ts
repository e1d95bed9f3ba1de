import { styleText } from 'node:util';
import type { Line, Verdict } from '../verdict/verdict';
import { exitCodeOf, worst } from '../verdict/verdict';

const SHOWN: Readonly<Record<Verdict, string>> = {
  healthy: 'ok',
  unknown: '?',
  degraded: 'DEGRADED',
  down: 'DOWN',
};
const COLOUR = { healthy: 'green', unknown: 'gray', degraded: 'yellow', down: 'red' } as const;

/**
 * One screen: a line per hop and stream, and under each that is not healthy what to do next.
 *
 * @param colour whether the reader is a terminal
 */
export function textReport(lines: readonly Line[], at: Date, colour: boolean): string {
  const hopWidth = Math.max(...lines.map(({ hop }) => hop.length));
  const subjectWidth = Math.min(40, Math.max(...lines.map(({ subject }) => subject.length)));
  const painted = (verdict: Verdict): string => {
    const text = SHOWN[verdict].padEnd(8);
    return colour ? styleText(COLOUR[verdict], text, { validateStream: false }) : text;
  };
  const indent = ' '.repeat(10);
  const body = lines.flatMap(({ hop, subject, verdict, says, findings }) => [
    `${painted(verdict)}  ${hop.padEnd(hopWidth)}  ${subject.padEnd(subjectWidth)}  ${says.join(', ')}`.trimEnd(),
    ...findings.flatMap((finding) => [`${indent}${finding.says} [${finding.code}]`, `${indent}→ ${finding.next}`]),
  ]);
  return `${body.join('\n')}\n${closing(lines, at)}\n`;
}

function closing(lines: readonly Line[], at: Date): string {
  const time = at.toISOString().slice(0, 19).replace('T', ' ');
  const troubled = lines.filter(({ verdict }) => verdict !== 'healthy');
  switch (exitCodeOf(lines)) {
    case 0:
      return `Healthy at ${time} UTC.`;
    case 1:
    case 2: {
      const named = troubled.map(({ hop, subject }) => (hop === 'stream' ? `${hop} ${subject}` : hop));
      const shown = worst(lines.map(({ verdict }) => verdict)) === 'down' ? 'Down' : 'Degraded';
      return `${shown} at ${time} UTC: ${[...new Set(named)].join(', ')}. docs/troubleshooting.md explains each name in brackets.`;
    }
  }
}
