import { migrateSinkSchema } from '@ewallet/sink-schema';
import { storeDeadLetters } from '../../../sink-warehouse/src/load/dead-letter-store';
import type { DeadLetter } from '../../../sink-warehouse/src/load/batch';
import { SinkCase } from '../../support/sink/sink-case';

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  await migrateSinkSchema(sinks.warehouse);
});
afterAll(async () => sinks.close());

const letter = (timestamp: number, value: string): DeadLetter => ({
  topic: 't',
  partition: 0,
  offset: 3,
  timestamp,
  key: null,
  value: Buffer.from(value),
  headers: [],
  stage: 'VALUE_CONVERTER',
  errorClass: 'DataException',
  errorMessage: `of ${value}`,
});
const stored = async () =>
  sinks.rows(
    `select convert_from(value, 'utf8') as value, error_message as why,
       produced_at is not null as produced, replayed_at is not null as replayed from sink.dead_letters`,
  );

test('a dead letter at an offset that a topic of the same name used before takes its place and is produced again; the same record read again changes nothing', async () => {
  await storeDeadLetters(sinks.warehouse, 'c', [letter(1_000, 'old')]);
  await sinks.rows('update sink.dead_letters set produced_at = now(), replayed_at = now()');
  await storeDeadLetters(sinks.warehouse, 'c', [letter(1_000, 'old')]);
  expect(await stored()).toEqual([{ value: 'old', why: 'of old', produced: true, replayed: true }]);
  await storeDeadLetters(sinks.warehouse, 'c', [letter(2_000, 'new')]);
  expect(await stored()).toEqual([{ value: 'new', why: 'of new', produced: false, replayed: false }]);
});
