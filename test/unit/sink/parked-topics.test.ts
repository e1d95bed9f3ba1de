import { Failure } from '@ewallet/failure';
import { TopicTrouble } from '../../../sink-warehouse/src/load/topic-trouble';
import { ParkedTopics } from '../../../sink-warehouse/src/run/parked-topics';

const refused = (topic: string) => new TopicTrouble(topic, Failure.config(`${topic} is refused`));
const locked = (topic: string) => new TopicTrouble(topic, Failure.transient(`${topic} is locked`));
const badRecord = (topic: string) => new TopicTrouble(topic, Failure.config(`${topic} has a bad record`), 'stop');

const topicsOf = (parked: ParkedTopics) => parked.list.map(({ topic }) => topic);

test('a parked topic waits for its time, is tried by the session after it, and is free once its records are committed', () => {
  const parked = new ParkedTopics(60_000);
  parked.park(refused('a'), 1000);
  parked.begin(['a', 'b'], 60_999);
  expect([topicsOf(parked), parked.isDue(60_999)]).toEqual([['a'], false]);
  expect(parked.landed('a')).toBe(false);
  expect(parked.isDue(61_000)).toBe(true);
  parked.begin(['a', 'b'], 61_000);
  expect([topicsOf(parked), parked.isDue(61_000), parked.has('a')]).toEqual([[], false, false]);
  parked.park(refused('a'), 61_500);
  expect([topicsOf(parked), parked.isDue(121_499), parked.isDue(121_500)]).toEqual([['a'], false, true]);
  parked.begin(['a', 'b'], 121_500);
  expect([parked.landed('a'), parked.landed('a')]).toEqual([true, false]);
});

test('where all topics of a session are parked all are tried, and one that went to another instance is forgotten', () => {
  const parked = new ParkedTopics(60_000);
  for (const topic of ['a', 'b', 'c']) parked.park(refused(topic), 0);
  parked.begin(['a', 'b', 'd'], 1);
  expect(topicsOf(parked)).toEqual(['a', 'b']);
  parked.begin(['a', 'b'], 2);
  expect(topicsOf(parked)).toEqual([]);
});

test('a sink with nothing left to land stops for the first cause, and waits where one of them may pass by itself', () => {
  const parked = new ParkedTopics(60_000);
  parked.park(refused('a'), 0);
  expect(parked.reasonToStop(['a', 'b'])).toBeUndefined();
  expect(parked.reasonToStop([])).toBeUndefined();
  parked.park(refused('b'), 1);
  expect(parked.reasonToStop(['a', 'b'])?.message).toBe('a is refused');
  parked.park(locked('b'), 2);
  expect(parked.reasonToStop(['a', 'b'])?.message).toBe('b is locked');
});

test('a bad record that is not tolerated is never tried again, and ends the sink', () => {
  const parked = new ParkedTopics(60_000);
  parked.park(badRecord('a'), 0);
  expect(parked.isDue(1_000_000)).toBe(false);
  parked.begin(['a'], 1_000_000);
  expect([topicsOf(parked), parked.stopping?.message, parked.reasonToStop(['a'])?.message]).toEqual([
    ['a'],
    'a has a bad record',
    'a has a bad record',
  ]);
});
