import { Failure } from '@ewallet/failure';
import { happeningOf, Rejoin } from '../../../sink-warehouse/src/run/fault-reach';
import { FencedOut } from '../../../sink-warehouse/src/state/fences';

const warehouse = Failure.transient('The warehouse does not answer.');
const kafka = Object.assign(new Error('broker is away'), { name: 'KafkaJSConnectionError' });
const joining = { kind: 'joining' } as const;
const landing = { kind: 'landing' } as const;

test('a fault of the warehouse costs the session alone, while the share is still this process’s', () => {
  expect(happeningOf(warehouse, landing, false)).toEqual({ kind: 'fault', failure: warehouse, reach: 'session' });
  expect(happeningOf(warehouse, landing, true)).toEqual({ kind: 'fault', failure: warehouse, reach: 'connection' });
  expect(happeningOf(warehouse, joining, false)).toEqual({ kind: 'fault', failure: warehouse, reach: 'connection' });
});

test('a fault of Kafka costs the connection', () => {
  expect(happeningOf(kafka, landing, false)).toEqual({
    kind: 'fault',
    failure: Failure.transient('Kafka: broker is away.', { cause: kafka }),
    reach: 'connection',
  });
});

test('a partition that was taken over costs the share', () => {
  const fenced = new FencedOut('pay 0');
  expect(happeningOf(fenced, landing, false)).toEqual({
    kind: 'fault',
    failure: Failure.transient('A partition was taken over: pay 0.', { cause: fenced }),
    reach: 'share',
  });
});

test('changed topics and a rebalance make the share old, which is no fault', () => {
  const rebalance = Object.assign(new Error('rebalance'), { type: 'REBALANCE_IN_PROGRESS' });
  for (const state of [joining, landing, { kind: 'paused' } as const]) {
    expect(happeningOf(new Rejoin('the topics changed'), state, true)).toEqual({ kind: 'outdated' });
    expect(happeningOf(rebalance, state, false)).toEqual({ kind: 'outdated' });
  }
});
