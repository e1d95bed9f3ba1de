import type { Snapshot } from '../../../source-ewallet/src/position/snapshot';

export const server = { system: '7', database: '16384', version: 18, timeline: 1, started: 'then' };
/** A saved snapshot of one table and one witness row. */
export const snapshot = (below: bigint, next: bigint, files: [number, number][] = [[1, 10]]): Snapshot => ({
  server,
  lsn: 0x2000n,
  below,
  next,
  seen: [],
  files: new Map(files),
  witnesses: [{ table: 1, place: '(0,1)', xid: 9n, digest: '5' }],
  digestColumns: ['id'],
});
