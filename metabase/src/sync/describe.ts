import type { Json } from '../content/json';
import type { Change } from './diff';
import type { Kept } from './kept';
import type { Plan } from './plan';

const MOST_CHANGES = 12;

/** A plan in words, a line a thing: `+` made, `~` changed, `-` to the Trash, `!` refused. */
export function describePlan(plan: Plan): string[] {
  const lines: string[] = [];
  for (const operation of plan.operations) {
    switch (operation.kind) {
      case 'create':
        lines.push(`+ ${operation.object} ${operation.key}`);
        break;
      case 'update':
        lines.push(
          `~ ${operation.object} ${operation.key}${operation.restore ? ' (out of the Trash)' : ''}`,
          ...described(operation.changes),
        );
        break;
      case 'archive':
        lines.push(`- ${operation.object} ${operation.key} (to the Trash)`);
        break;
      default:
        operation satisfies never;
    }
  }
  for (const { object, key, reason, changes } of plan.refusals) {
    const why =
      reason === 'edited'
        ? 'was edited in Metabase since the last apply'
        : 'is there, but this tool did not make it (or its note was lost)';
    lines.push(`! ${object} ${key} ${why}: export keeps that, apply --force overwrites it`, ...described(changes));
  }
  for (const { object, key } of plan.leftOver)
    lines.push(`? ${object} ${key} is in no file any more: apply --prune moves it to the Trash`);
  return lines;
}

/** What stays in Metabase because its API has no way to take it away. */
export function describeKept(kept: readonly Kept[]): string[] {
  return kept.map(
    ({ object, key, what }) =>
      `? ${object} ${key}: its ${what} is in no file and stays: Metabase's API cannot unset it. Clear it in Metabase, or export it`,
  );
}

/** How much there is to do, in one line. */
export function summary(plan: Plan): string {
  const count = (kind: string): number => plan.operations.filter((operation) => operation.kind === kind).length;
  if (plan.operations.length === 0 && plan.refusals.length === 0)
    return 'Nothing to do: Metabase shows what the files say.';
  const refused = plan.refusals.length === 0 ? '' : `, ${plan.refusals.length} refused`;
  return `${count('create')} to make, ${count('update')} to change, ${count('archive')} to the Trash${refused}.`;
}

function described(changes: readonly Change[]): string[] {
  const shown = changes
    .slice(0, MOST_CHANGES)
    .map(({ path, before, after }) => `    ${path}: ${short(before)} → ${short(after)}`);
  return changes.length > shown.length ? [...shown, `    … and ${changes.length - shown.length} more`] : shown;
}

function short(value: Json | undefined): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
