import {
  advanceOffsets,
  claimPartitions,
  createState,
  FencedOut,
  readOffsets,
} from '../../../sink-warehouse/src/state/fences';
import { SinkCase } from '../../support/sink/sink-case';

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  await createState(sinks.warehouse);
});
afterAll(async () => sinks.close());

const place = { topic: 't', partition: 0 };
const claim = async (connector: string, generation: number, force = false) =>
  claimPartitions(sinks.warehouse, {
    connector,
    generation,
    owner: `generation ${generation}`,
    partitions: [{ ...place, start: 5 }],
    force,
  });
const advance = (fence: string, from: number, next: number) => [{ ...place, fence, from, next, records: next - from }];

test('a claim begins where the log begins, raises the fence each time, and returns what was committed', async () => {
  expect(await claim('a', 1)).toEqual([{ ...place, nextOffset: 5, fence: '1', topicId: null }]);
  await advanceOffsets(sinks.warehouse, 'a', advance('1', 5, 9));
  expect(await claim('a', 2)).toEqual([{ ...place, nextOffset: 9, fence: '2', topicId: null }]);
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
