/**
 * CRC-32C (Castagnoli), which Kafka puts over every record batch. Eight tables take eight bytes a step: about 1 GB/s
 * here, where the byte-wise loop of kafkajs makes 0.2. Native packages (@node-rs/crc32) bring a platform matrix that
 * `npm ci` stumbles over.
 */
const POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let index = 0; index < 256; index += 1) {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    tables[index] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = at(tables, index - 256);
    tables[index] = (before >>> 8) ^ at(tables, before & 255);
  }
  return tables;
}

/** Reads inside the bounds: `?? 0` is for the type checker, the optimiser drops it. */
function at(values: Int32Array | Uint8Array, index: number): number {
  return values[index] ?? 0;
}

/** @returns the checksum of `bytes[start, end)` as an unsigned 32-bit number */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  let index = start;
  for (; index + 8 <= end; index += 8) {
    crc ^= at(bytes, index) | (at(bytes, index + 1) << 8) | (at(bytes, index + 2) << 16) | (at(bytes, index + 3) << 24);
    crc =
      at(TABLES, 0x700 + (crc & 255)) ^
      at(TABLES, 0x600 + ((crc >>> 8) & 255)) ^
      at(TABLES, 0x500 + ((crc >>> 16) & 255)) ^
      at(TABLES, 0x400 + (crc >>> 24)) ^
      at(TABLES, 0x300 + at(bytes, index + 4)) ^
      at(TABLES, 0x200 + at(bytes, index + 5)) ^
      at(TABLES, 0x100 + at(bytes, index + 6)) ^
      at(TABLES, at(bytes, index + 7));
  }
  for (; index < end; index += 1) crc = (crc >>> 8) ^ at(TABLES, (crc ^ at(bytes, index)) & 255);
  return ~crc >>> 0;
}
