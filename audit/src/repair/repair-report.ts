import { count, showShare } from '@ewallet/failure';
import type { RepairPlan, StreamRepair } from './repair-plan';
import { keyJson } from '../report/json-report';

/** Keys that a person reads of each kind; `--json` has all of them. */
const KEYS_SHOWN = 20;

/** The plan as a person reads it. @param sent records that were sent; undefined where it is a plan only */
export function repairText(plan: RepairPlan, sent: number | undefined): string {
  const lines = plan.repairs.flatMap((repair) => [
    `${repair.stream}: ${count(repair.send.length, 'row')} to send again, ${count(repair.remove.length, 'row')} to delete, ${showShare(repair.share)} of the table`,
    ...shown('send', repair.send),
    ...shown('delete', repair.remove),
  ]);
  const left = plan.unrepairable.map(
    (stream) =>
      `${stream}: its rows have no key to be sent again by. Read it from the start: ewallet-sync run --refresh ${stream}`,
  );
  return `${[...lines, ...left, verdict(plan, sent)].join('\n')}\n`;
}

export function repairJson(plan: RepairPlan, sent: number | undefined): string {
  const streams = plan.repairs.map(
    ({ stream, send, remove, share }) =>
      `{"stream": ${JSON.stringify(stream)}, "send": [${send.map(keyJson).join(', ')}], "delete": [${remove
        .map(keyJson)
        .join(', ')}], "share": ${share}}`,
  );
  const unrepairable = JSON.stringify(plan.unrepairable);
  return `{\n  "streams": [\n    ${streams.join(',\n    ')}\n  ],\n  "unrepairable": ${unrepairable},\n  "applied": ${sent !== undefined},\n  "sent": ${sent ?? 0}\n}\n`;
}

function verdict(plan: RepairPlan, sent: number | undefined): string {
  if (sent !== undefined) {
    return `Sent: ${count(sent, 'row')}. The sink lands them like any others; \`ewallet-audit run\` proves it.`;
  }
  if (plan.repairs.length > 0) return 'A plan only: nothing was sent. --apply sends them.';
  return plan.unrepairable.length > 0 ? 'Nothing can be sent.' : 'Nothing to repair.';
}

function shown(what: string, keys: StreamRepair['send']): readonly string[] {
  const lines = keys.slice(0, KEYS_SHOWN).map((key) => `  ${what} ${keyJson(key)}`);
  const more = keys.length - KEYS_SHOWN;
  return more > 0 ? [...lines, `  … and ${more.toLocaleString('en')} more to ${what}; --json names all`] : lines;
}
