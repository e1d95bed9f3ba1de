/** Kafka's own hash of keys, as the Java client's default partitioner computes it. */
function murmur2(bytes: Uint8Array, start: number, end: number): number {
  const M = 0x5bd1e995;
  const length = end - start;
  let hash = 0x9747b28c ^ length;
  let index = start;
  for (; index + 4 <= end; index += 4) {
    let word =
      (bytes[index] ?? 0) |
      ((bytes[index + 1] ?? 0) << 8) |
      ((bytes[index + 2] ?? 0) << 16) |
      ((bytes[index + 3] ?? 0) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const rest = end - index;
  if (rest >= 3) hash ^= (bytes[index + 2] ?? 0) << 16;
  if (rest >= 2) hash ^= (bytes[index + 1] ?? 0) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** @returns the partition of a key, 0 … partitions - 1 */
export function partitionOf(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(bytes, start, end) & 0x7fffffff) % partitions;
}
