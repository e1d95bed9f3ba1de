import type { SessionPair } from '../compare/compare-range';
import { lookUpRows, type HashedRow } from '../compare/hashed-row';
import { compareRows, keyId, versionOf } from '../compare/row-differences';
import type { HashKind } from '../compare/row-hash';
import type { StreamPlan } from '../tables/stream-plan';
import { lookedAgain, type Candidate } from './candidate';

/** Keys that one statement looks up. */
const KEYS_A_LOOK = 1_000;

/**
 * Looks at candidates again, each database as it is now: the source first, so that what the pipeline brings in between
 * cannot look like a difference of an unchanged row.
 */
export async function lookAgain(
  sessions: SessionPair,
  candidates: readonly Candidate[],
  hash: HashKind,
): Promise<readonly Candidate[]> {
  const looked: Candidate[] = [];
  for (const [plan, group] of byPlan(candidates)) {
    for (let at = 0; at < group.length; at += KEYS_A_LOOK) {
      looked.push(...(await lookAtGroup(sessions, plan, group.slice(at, at + KEYS_A_LOOK), hash)));
    }
  }
  return looked;
}

async function lookAtGroup(
  sessions: SessionPair,
  plan: StreamPlan,
  group: readonly Candidate[],
  hash: HashKind,
): Promise<readonly Candidate[]> {
  const keys = group.map(({ first }) => first.key);
  const source = await lookUpRows(sessions.source, plan.source, keys, hash);
  const landed = await lookUpRows(sessions.warehouse, plan.warehouse, keys, hash);
  const found = new Map(compareRows(source, landed).map((difference) => [keyId(difference.key), difference]));
  const versions = new Map<string, HashedRow[]>();
  for (const row of source) {
    const id = keyId(row.key);
    versions.set(id, [...(versions.get(id) ?? []), row]);
  }
  return group.map((candidate) => {
    const id = keyId(candidate.first.key);
    return lookedAgain(candidate, found.get(id), versionOf(versions.get(id) ?? []));
  });
}

function byPlan(candidates: readonly Candidate[]): ReadonlyMap<StreamPlan, readonly Candidate[]> {
  const groups = new Map<StreamPlan, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.plan);
    if (group === undefined) groups.set(candidate.plan, [candidate]);
    else group.push(candidate);
  }
  return groups;
}
