/**
 * The last row of each key in a batch. An open-addressing table over key bytes in one arena: a `Map` of strings would
 * make a string per row, which measured five times slower and held 100 bytes per key.
 */
export class KeyIndex {
  private slots = new Int32Array(1024).fill(-1);
  private arena = Buffer.allocUnsafeSlow(1 << 14);
  private arenaLength = 0;
  private keyEnds = new Int32Array(512);
  private hashes = new Int32Array(512);
  private references = new Int32Array(512);
  private count = 0;

  /** How many keys there are. */
  get size(): number {
    return this.count;
  }

  /** Remembers `reference` for the key, and returns what it was before, or undefined for a new key. */
  put(bytes: Buffer, start: number, end: number, reference: number): number | undefined {
    let hash = 0x811c9dc5;
    for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
    hash ^= hash >>> 15; // FNV-1a leaves the low bits weak for short keys
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] ?? -1;
      if (entry === -1) {
        this.slots[slot] = this.add(bytes, start, end, hash, reference);
        if (this.count * 2 > this.slots.length) this.grow();
        return undefined;
      }
      if (this.hashes[entry] === hash && this.equals(entry, bytes, start, end)) {
        const previous = this.references[entry];
        this.references[entry] = reference;
        return previous;
      }
    }
  }

  clear(): void {
    this.slots.fill(-1);
    this.arenaLength = 0;
    this.count = 0;
  }

  private add(bytes: Buffer, start: number, end: number, hash: number, reference: number): number {
    const length = end - start;
    if (this.arenaLength + length > this.arena.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.arena.length * 2, this.arenaLength + length));
      this.arena.copy(grown, 0, 0, this.arenaLength);
      this.arena = grown;
    }
    for (let index = 0; index < length; index += 1) this.arena[this.arenaLength + index] = bytes[start + index] ?? 0;
    this.arenaLength += length;
    const entry = this.count;
    if (entry === this.keyEnds.length) {
      this.keyEnds = doubled(this.keyEnds);
      this.hashes = doubled(this.hashes);
      this.references = doubled(this.references);
    }
    this.keyEnds[entry] = this.arenaLength;
    this.hashes[entry] = hash;
    this.references[entry] = reference;
    this.count += 1;
    return entry;
  }

  private equals(entry: number, bytes: Buffer, start: number, end: number): boolean {
    const keyStart = entry === 0 ? 0 : (this.keyEnds[entry - 1] ?? 0);
    const length = (this.keyEnds[entry] ?? 0) - keyStart;
    if (length !== end - start) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.arena[keyStart + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.count; entry += 1) {
      let slot = (this.hashes[entry] ?? 0) & mask;
      while (this.slots[slot] !== -1) slot = (slot + 1) & mask;
      this.slots[slot] = entry;
    }
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
