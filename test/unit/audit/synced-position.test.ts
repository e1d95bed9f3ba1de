import type { Difference } from '../../../audit/src/compare/row-differences';
import { candidateOf } from '../../../audit/src/settle/candidate';
import { isInKafka } from '../../../audit/src/settle/in-kafka';
import { syncedPositions } from '../../../audit/src/settle/synced-position';
import type { StreamPlan } from '../../../audit/src/tables/stream-plan';

const descriptor = { name: 'users', namespace: 'public' };
const streamFile = (state: object): unknown => ({
  streams: ['public.users'],
  states: { 'public.users': { type: 'STREAM', stream: { stream_descriptor: descriptor, stream_state: state } } },
});
const complete = { complete: true, snapshot: { below: '1000', seen: ['1002', '1005-1007'] } };
const found = (version: string): Difference => ({ kind: 'missing', key: ['1'], count: 1, version });
const candidate = (version: string): ReturnType<typeof candidateOf> =>
  candidateOf({ stream: 'public.users' } as StreamPlan, found(version));
const passed = (passes: number, startedAt = '1/A0'): Parameters<typeof isInKafka>[2] => ({
  passes,
  startedAt,
  next: 2000n,
});

test('a row is in Kafka once the acknowledged state has seen the transaction that wrote it, whatever else landed', () => {
  const position = syncedPositions(streamFile(complete)).get('public.users');
  expect(position).toEqual({
    kind: 'seen',
    below: 1000n,
    seen: [
      [1002n, 1002n],
      [1005n, 1007n],
    ],
  });
  const inKafka = [999, 1000, 1002, 1004, 1006, 1008].filter((xid) =>
    isInKafka(candidate(`16384/(0,1)/${xid}:-77`), position, passed(100)),
  );
  expect(inKafka).toEqual([999, 1002, 1006]);
  // Of a doubled key each row counts; of a row that is gone there is no transaction, and what landed has to tell.
  expect(isInKafka(candidate('16384/(0,1)/999:1 16384/(0,2)/1001:2'), position, passed(100))).toBe(false);
  expect([2, 3].map((passes) => isInKafka(candidate(''), position, passed(passes)))).toEqual([false, true]);
});

test('a state that is not finished, or of another history, says nothing: three passes do', () => {
  const unfinished = { ...complete, unfinished: [{ since: null, from: null }] };
  for (const state of [{ ...complete, complete: false }, unfinished, { version: 1 }, { ...complete, snapshot: {} }]) {
    expect(syncedPositions(streamFile(state)).size).toBe(0);
  }
  expect(syncedPositions('no state').size).toBe(0);
  expect([2, 3].map((passes) => isInKafka(candidate('1/(0,1)/5:0'), undefined, passed(passes)))).toEqual([false, true]);
  const later = { kind: 'seen', below: 3000n, seen: [] } as const;
  expect([2, 3].map((passes) => isInKafka(candidate('1/(0,1)/5:0'), later, passed(passes)))).toEqual([false, true]);
});

test('by change data capture a row is in Kafka once the acknowledged position is past the first look', () => {
  const global = {
    shared_state: { lsn: '1/B0' },
    stream_states: [
      { stream_descriptor: descriptor, stream_state: { phase: 'stream' } },
      { stream_descriptor: { ...descriptor, name: 'copied' }, stream_state: { phase: 'copy' } },
    ],
  };
  const positions = syncedPositions({ streams: ['public.users'], states: { global: { type: 'GLOBAL', global } } });
  expect(positions).toEqual(new Map([['public.users', { kind: 'log', lsn: '1/B0' }]]));
  const position = positions.get('public.users');
  const inKafka = ['0/FFFFFFFF', '1/B0', '1/B1', 'A/0'].map((startedAt) =>
    isInKafka(candidate(''), position, passed(0, startedAt)),
  );
  expect(inKafka).toEqual([true, true, false, false]);
});
