import { formatLsn, type Lsn } from '@ewallet/postgres';
import { whyLost, type Slot } from './slot';

/** Where the stream of changes stands: what a state keeps of it. */
export interface Position {
  readonly slot: string;
  readonly system: string | undefined;
  readonly timeline: number | undefined;
  /** The end of the last transaction that was wholly given, or a place behind it before which nothing else committed. */
  readonly lsn: Lsn;
}

export interface ServerNow {
  readonly system: string | undefined;
  readonly timeline: number | undefined;
  /** The end of what the server has on disk, or has replayed. */
  readonly flushed: Lsn;
  /** A standby may be behind the state and get there. */
  readonly isStandby: boolean;
  /** Where each earlier timeline of this server ended. */
  readonly timelineEnds: ReadonlyMap<number, Lsn>;
}

/** Why the stream cannot continue from a saved position; undefined where it can. */
export function whyInvalid(saved: Position, slot: Slot, now: ServerNow): string | undefined {
  if (saved.slot !== slot.name) {
    return `the state is of replication slot ${saved.slot}, and the configuration names ${slot.name}`;
  }
  if (saved.system !== undefined && now.system !== undefined && saved.system !== now.system) {
    return `the server is another one (system identifier ${now.system}, the state is of ${saved.system})`;
  }
  const lost = whyLost(slot);
  if (lost !== undefined) return lost;
  const at = formatLsn(saved.lsn);
  if (slot.confirmed !== undefined && slot.confirmed > saved.lsn) {
    return (
      `replication slot ${slot.name} stands at ${formatLsn(slot.confirmed)}, behind the state’s ${at}: ` +
      'it was dropped and created again, or something else reads from it'
    );
  }
  if (saved.timeline !== undefined && now.timeline !== undefined && saved.timeline !== now.timeline) {
    const end = now.timelineEnds.get(saved.timeline);
    if (end === undefined || saved.lsn > end) {
      return (
        `the server failed over or was restored (timeline ${now.timeline}, the state is of ${saved.timeline}) ` +
        `at ${end === undefined ? 'an unknown place' : formatLsn(end)}, before the state’s ${at}: what was read after it may be gone`
      );
    }
    if (!slot.isFailover) {
      return (
        `the server failed over or was restored (timeline ${now.timeline}, the state is of ${saved.timeline}) ` +
        `and replication slot ${slot.name} is not a failover slot, so it may have missed changes`
      );
    }
  }
  if (saved.lsn > now.flushed && !now.isStandby) {
    return `the server’s log ends at ${formatLsn(now.flushed)}, before the state’s ${at}: it was restored from a backup`;
  }
  return undefined;
}

/** Where each timeline ended, from the text that TIMELINE_HISTORY gives: `timeline <tab> place <tab> reason` a line. */
export function parseTimelineHistory(text: string, parse: (lsn: string) => Lsn | undefined): ReadonlyMap<number, Lsn> {
  return new Map(
    text.split('\n').flatMap((line): [number, Lsn][] => {
      const match = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line);
      const end = parse(match?.[2] ?? '');
      return match === null || end === undefined ? [] : [[Number(match[1]), end]];
    }),
  );
}
