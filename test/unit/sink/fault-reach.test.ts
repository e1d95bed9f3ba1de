import { Failure } from '@ewallet/failure';
import { happeningOf, Rejoin } from '../../../sink-warehouse/src/run/fault-reach';
import { FencedOut } from '../../../sink-warehouse/src/state/fences';

const warehouse = Failure.transient('The warehouse does not answer.');
const kafka = Object.assign(new Error('broker is away'), { name: 'KafkaJSConnectionError' });
const brokers = ['a:9092'];
const joining = { kind: 'joining' } as const;
const landing = { kind: 'landing' } as const;

test('a fault of the warehouse costs the session alone, while the share is still this process’s', () => {
  expect(happeningOf(warehouse, { state: landing, isShareOver: false, brokers })).toEqual({
    kind: 'fault',
    failure: warehouse,
    reach: 'session',
  });
  expect(happeningOf(warehouse, { state: landing, isShareOver: true, brokers })).toEqual({
    kind: 'fault',
    failure: warehouse,
    reach: 'connection',
  });
  expect(happeningOf(warehouse, { state: joining, isShareOver: false, brokers })).toEqual({
    kind: 'fault',
    failure: warehouse,
    reach: 'connection',
  });
});

test('a fault of Kafka costs the connection', () => {
  expect(happeningOf(kafka, { state: landing, isShareOver: false, brokers })).toEqual({
    kind: 'fault',
    failure: Failure.transient(
      'Kafka at a:9092 could not be reached: broker is away. Check consumer.override.bootstrap.servers, and that the brokers run.',
      { cause: kafka },
    ),
    reach: 'connection',
  });
});

test('a partition that was taken over costs the share', () => {
  const fenced = new FencedOut('pay 0');
  expect(happeningOf(fenced, { state: landing, isShareOver: false, brokers })).toEqual({
    kind: 'fault',
    failure: Failure.transient('A partition was taken over: pay 0.', { cause: fenced }),
    reach: 'share',
  });
});

test('changed topics and a rebalance make the share old, which is no fault', () => {
  const rebalance = Object.assign(new Error('rebalance'), { type: 'REBALANCE_IN_PROGRESS' });
  for (const state of [joining, landing, { kind: 'paused' } as const]) {
    expect(happeningOf(new Rejoin('the topics changed'), { state, isShareOver: true, brokers })).toEqual({
      kind: 'outdated',
    });
    expect(happeningOf(rebalance, { state, isShareOver: false, brokers })).toEqual({ kind: 'outdated' });
  }
});
