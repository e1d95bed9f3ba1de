import type { Snapshot } from './snapshot';

/**
 * Which row versions a sync still has to give. A row is wanted when any rule wants it: it is newer than the rule's
 * snapshot, and stands at or after the rule's place.
 *
 * A finished sync leaves one rule: newer than its snapshot, anywhere. A sync that stopped midway at place p leaves two:
 * what it wanted, from p on; and newer than its own snapshot, anywhere, because a row it had already passed may have been
 * written again since. Stopped again, the rules of before move to the new place and one more is added, so any number of
 * interruptions neither loses nor doubles a row version.
 */
export interface Rule {
  /** Undefined: every row is newer. */
  readonly since: Snapshot | undefined;
  /** Undefined: from the start. */
  readonly from: Place | undefined;
}

/** The beginning of a block of a table; tables are read in the order of their oids, blocks in theirs. */
export interface Place {
  readonly table: number;
  readonly block: number;
}

/** The rules that a stop at `at`, under snapshot `current`, leaves of the rules the sync began with. */
export function rulesAfterStop(rules: readonly Rule[], current: Snapshot, at: Place): readonly Rule[] {
  const moved = rules.map((rule) => ({ ...rule, from: later(rule.from, at) }));
  return withoutCovered([...moved, { since: current, from: undefined }]);
}

export function rulesAfterEnd(current: Snapshot): readonly Rule[] {
  return [{ since: current, from: undefined }];
}

/** Everything: a first sync, or one whose position was lost. */
export const everything: readonly Rule[] = [{ since: undefined, from: undefined }];

/** What a rule asks of one table. */
export type TableRule =
  | { readonly kind: 'all'; readonly block: number }
  | { readonly kind: 'newer'; readonly since: Snapshot; readonly block: number };

/**
 * The rules as they stand for one table. A table the snapshot did not know (a partition attached since, a table swapped
 * in under the old name) is wanted whole, as its rows may be older than the snapshot and yet never read. A table whose
 * file changed (VACUUM FULL, CLUSTER, TRUNCATE) has its rows at other places: its place is the start again.
 */
export function rulesForTable(rules: readonly Rule[], table: number, file: number): readonly TableRule[] {
  const lastKnown = rules.at(-1)?.since;
  const sameFile = lastKnown?.files.get(table) === file;
  return rules.flatMap((rule): readonly TableRule[] => {
    const { since, from } = rule;
    if (from !== undefined && sameFile && table < from.table) return [];
    const block = from !== undefined && sameFile && table === from.table ? from.block : 0;
    return [since?.files.has(table) === true ? { kind: 'newer', since, block } : { kind: 'all', block }];
  });
}

/** A newer rule that starts no earlier than an older one wants nothing more. */
function withoutCovered(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter((rule, index) => !rules.slice(0, index).some((older) => !isLater(older.from, rule.from)));
}

function later(a: Place | undefined, b: Place): Place {
  return a !== undefined && isLater(a, b) ? a : b;
}

function isLater(a: Place | undefined, b: Place | undefined): boolean {
  if (a === undefined) return false;
  if (b === undefined) return true;
  return a.table > b.table || (a.table === b.table && a.block > b.block);
}
