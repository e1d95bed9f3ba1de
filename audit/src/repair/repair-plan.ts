import { count, Failure, showShare } from '@ewallet/failure';
import type { KeyValue, ShownKey } from '../report/audit-report';

/** What an audit found of a stream, and what the stream is repaired by. */
export interface Finding {
  readonly stream: string;
  /** Names of the key's columns; empty where there is none. */
  readonly key: readonly string[];
  /** Of the source. */
  readonly rows: number;
  readonly missing: readonly ShownKey[];
  readonly extra: readonly ShownKey[];
  readonly different: readonly ShownKey[];
}

/** What is done about one stream. */
export interface StreamRepair {
  readonly stream: string;
  readonly key: readonly string[];
  /** Keys of rows that are read from the source and sent again. */
  readonly send: readonly ShownKey[];
  /** Keys of rows that the source has not: sent as deleted, unless they are there by then. */
  readonly remove: readonly ShownKey[];
  /** Of the table's rows, from 0 to 1. */
  readonly share: number;
}

export interface RepairPlan {
  readonly repairs: readonly StreamRepair[];
  /** Streams with differences and without a key: nothing can be sent in the place of their rows. */
  readonly unrepairable: readonly string[];
}

/** @throws Failure where more of a table would be sent than the share allows: then it is not damage, but another cause */
export function planRepair(findings: readonly Finding[], maxShare: number): RepairPlan {
  const wrong = findings.filter(
    ({ missing, extra, different }) => missing.length + extra.length + different.length > 0,
  );
  const repairs = wrong.filter(({ key }) => key.length > 0).map(repairOf);
  const tooMany = repairs.filter(({ share }) => share > maxShare);
  if (tooMany.length > 0) {
    const each = tooMany.map(
      ({ stream, send, remove, share }) =>
        `${stream}: ${count(send.length, 'row')} to send and ${remove.length} to delete, ${showShare(share)} of the table`,
    );
    throw Failure.config(
      `More than --max-share ${showShare(maxShare)} differs, so nothing is repaired. ${each.join('; ')}. Look for the cause first (is it the right database, may the role see every row, was the table refreshed?); to repair it all the same raise --max-share, or read the stream from the start.`,
    );
  }
  return { repairs, unrepairable: wrong.filter(({ key }) => key.length === 0).map(({ stream }) => stream) };
}

function repairOf({ stream, key, rows, missing, extra, different }: Finding): StreamRepair {
  const send = [...missing, ...different];
  const all = send.length + extra.length;
  return { stream, key, send, remove: extra, share: all / Math.max(rows + extra.length, 1) };
}

/** A key's values as PostgreSQL's text, as the source is asked for them. */
export function keyTexts(key: ShownKey): readonly string[] {
  const values = Array.isArray(key) ? (key as readonly KeyValue[]) : [key as KeyValue];
  return values.map((value) => {
    if (value === null) throw Failure.config('A key with a null cannot be asked for: repair its row by a refresh.');
    return String(value);
  });
}
