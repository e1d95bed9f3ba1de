import { AbortedTransactionFilter } from '@ewallet/kafka';

const data = (producerId: bigint, lastOffset: number) => ({
  producerId,
  lastOffset,
  isTransactional: true,
  isControl: false,
});
const marker = (producerId: bigint, lastOffset: number) => ({ ...data(producerId, lastOffset), isControl: true });
const plain = (lastOffset: number) => ({ producerId: -1n, lastOffset, isTransactional: false, isControl: false });

function admitted(filter: AbortedTransactionFilter, batches: readonly ReturnType<typeof data>[]): boolean[] {
  return batches.map((batch) => filter.admits(batch));
}

test('a response that begins inside two overlapping aborted transactions shows nothing of either', () => {
  const filter = new AbortedTransactionFilter([
    { producerId: 1n, firstOffset: 0 },
    { producerId: 2n, firstOffset: 1 },
  ]);
  const batches = [
    data(2n, 10),
    data(1n, 11),
    marker(1n, 12),
    data(2n, 13),
    marker(2n, 14),
    data(1n, 15),
    data(2n, 16),
  ];
  expect(admitted(filter, batches)).toEqual([false, false, false, false, false, true, true]);
});

test('an abort of one producer does not end the aborted transaction of another', () => {
  const filter = new AbortedTransactionFilter([
    { producerId: 7n, firstOffset: 5 },
    { producerId: 8n, firstOffset: 3 },
  ]);
  expect(admitted(filter, [data(8n, 4), data(7n, 6), marker(8n, 7), data(7n, 8), marker(7n, 9)])).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('a producer that aborted and then committed is read from its second transaction on', () => {
  const filter = new AbortedTransactionFilter([
    { producerId: 1n, firstOffset: 0 },
    { producerId: 1n, firstOffset: 4 },
  ]);
  const batches = [data(1n, 0), marker(1n, 1), data(1n, 2), marker(1n, 3), data(1n, 4), marker(1n, 5), data(1n, 6)];
  expect(admitted(filter, batches)).toEqual([false, false, true, false, false, false, true]);
});

test('records outside any transaction are read whatever was aborted around them', () => {
  const filter = new AbortedTransactionFilter([{ producerId: 1n, firstOffset: 0 }]);
  expect(admitted(filter, [data(1n, 0), plain(1), marker(1n, 2), plain(3)])).toEqual([false, true, false, true]);
});
