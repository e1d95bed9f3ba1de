import { migrateSinkSchema } from '@ewallet/sink-schema';
import { advanceOffsets, claimPartitions, FencedOut, readOffsets } from '../../../sink-warehouse/src/state/fences';
import { changeOffsets } from '../../../sink-warehouse/src/state/change-offsets';
import { moveOffset } from '../../../sink-warehouse/src/state/move-offset';
import { SinkCase } from '../../support/sink/sink-case';

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  await migrateSinkSchema(sinks.warehouse);
});
afterAll(async () => sinks.close());

const place = { topic: 't', partition: 0 };
const claim = async (connector: string, generation: number, force = false, topicId?: string) =>
  claimPartitions(sinks.warehouse, {
    connector,
    generation,
    owner: `generation ${generation}`,
    partitions: [{ ...place, start: 5, topicId }],
    force,
  });
const advance = (fence: string, from: number, next: number) => [{ ...place, fence, from, next, records: next - from }];

test('a claim begins where the log begins, raises the fence each time, and returns what was committed', async () => {
  expect(await claim('a', 1)).toEqual([{ ...place, nextOffset: 5, fence: '1', topicId: null }]);
  await advanceOffsets(sinks.warehouse, 'a', advance('1', 5, 9));
  // When something last landed there, which no claim moves.
  const { rows } = await sinks.warehouse.query<{ landedAt: Date }>('select updated_at as "landedAt" from sink.offsets');
  const landed = { ...place, nextOffset: 9, topicId: null, ...rows[0] };
  expect(await claim('a', 2)).toEqual([{ ...landed, fence: '2' }]);
  expect(await claim('a', 3)).toEqual([{ ...landed, fence: '3' }]);
});

test('whoever lost the fence moves nothing', async () => {
  await claim('b', 1);
  await claim('b', 2);
  await expect(advanceOffsets(sinks.warehouse, 'b', advance('1', 5, 9))).rejects.toThrow(FencedOut);
  expect((await readOffsets(sinks.warehouse, 'b')).map(({ nextOffset, records }) => ({ nextOffset, records }))).toEqual(
    [{ nextOffset: 5, records: 0 }],
  );
});

test('a batch that does not begin where the warehouse stands moves nothing', async () => {
  await claim('c', 1);
  await expect(advanceOffsets(sinks.warehouse, 'c', advance('1', 4, 9))).rejects.toThrow('another sink holds t:0');
});

test('a zombie of an older generation cannot take the fence back, unless its group confirms it', async () => {
  await claim('d', 7);
  expect(await claim('d', 6)).toEqual([]);
  expect(await claim('d', 1, true)).toEqual([{ ...place, nextOffset: 5, fence: '2', topicId: null }]);
});

test('the id of a topic is learnt once and stays until the offset is moved, so that a recreated topic is told from it', async () => {
  const [first, second] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const ids = async (topicId?: string) => (await claim('e', 1, false, topicId)).map((claimed) => claimed.topicId);
  expect([await ids(), await ids(first), await ids(second), await ids()]).toEqual([[null], [first], [first], [first]]);
  const [held] = await claim('e', 1, false, second);
  await moveOffset(sinks.warehouse, 'e', held!, { offset: 0, topicId: second });
  expect(await ids(first)).toEqual([second]);
  await changeOffsets(sinks.warehouse, 'e', [{ ...place, offset: 3 }]);
  expect(await ids(first)).toEqual([first]);
});
