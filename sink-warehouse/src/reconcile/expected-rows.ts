/** A record of a topic as reconciliation sees it. */
export interface SeenRecord {
  readonly partition: number;
  readonly offset: number;
  /** The key's Avro bytes as text, or undefined for a record without a key. */
  readonly key: string | undefined;
  readonly kind: 'row' | 'tombstone' | 'generation-end';
  /** Of a row: the generation it was written in. Of a generation's end: the generation that stays. */
  readonly generation: bigint | undefined;
}

interface LastRow {
  readonly partition: number;
  readonly offset: number;
  readonly generation: bigint | undefined;
}

/**
 * Which records of a topic must be rows of its table, by the rules of delivery alone: of each key the last record, unless
 * it is a tombstone; without keys every record; of an overwritten stream nothing from older generations.
 */
export class ExpectedRows {
  private readonly byKey = new Map<string, LastRow>();
  private readonly unkeyed: LastRow[] = [];
  private readonly ends: { readonly partition: number; readonly offset: number; readonly generation: bigint }[] = [];
  records = 0;

  /** @param isKeyed whether rows are upserted by key; else every record is kept */
  constructor(private readonly isKeyed: boolean) {}

  see(record: SeenRecord): void {
    switch (record.kind) {
      case 'row':
        this.records += 1;
        if (this.isKeyed && record.key !== undefined) this.byKey.set(record.key, record);
        else this.unkeyed.push(record);
        return;
      case 'tombstone':
        this.records += 1;
        if (this.isKeyed && record.key !== undefined) this.byKey.delete(record.key);
        return;
      case 'generation-end':
        this.ends.push({
          partition: record.partition,
          offset: record.offset,
          generation: record.generation ?? -1n,
        });
        return;
      default:
        record.kind satisfies never;
    }
  }

  /** Offsets by partition. */
  offsets(): Map<number, Set<number>> {
    const expected = new Map<number, Set<number>>();
    for (const row of [...this.byKey.values(), ...this.unkeyed]) {
      if (this.isReplaced(row)) continue;
      let offsets = expected.get(row.partition);
      if (offsets === undefined) expected.set(row.partition, (offsets = new Set()));
      offsets.add(row.offset);
    }
    return expected;
  }

  private isReplaced(row: LastRow): boolean {
    return this.ends.some(
      (end) => end.partition === row.partition && row.offset < end.offset && row.generation !== end.generation,
    );
  }
}

export interface Comparison {
  readonly expected: number;
  readonly found: number;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly repeated: readonly string[];
}

/** How many examples of each fault a report names. */
const EXAMPLES = 10;

/** The rows that should be there against those that are. Rows below `earliest` cannot be judged: Kafka has forgotten them. */
export function compareRows(
  expected: ReadonlyMap<number, ReadonlySet<number>>,
  found: Iterable<{ readonly partition: number; readonly offset: number }>,
  earliest: ReadonlyMap<number, number>,
): Comparison {
  const left = new Map([...expected].map(([partition, offsets]) => [partition, new Set(offsets)]));
  const unexpected: string[] = [];
  const repeated: string[] = [];
  let count = 0;
  for (const { partition, offset } of found) {
    if (offset < (earliest.get(partition) ?? 0)) continue;
    count += 1;
    if (left.get(partition)?.delete(offset) === true) continue;
    (expected.get(partition)?.has(offset) === true ? repeated : unexpected).push(`${partition}:${offset}`);
  }
  const missing = [...left].flatMap(([partition, offsets]) => [...offsets].map((offset) => `${partition}:${offset}`));
  const total = [...expected.values()].reduce((sum, offsets) => sum + offsets.size, 0);
  return { expected: total, found: count, missing, unexpected, repeated };
}

export function isEqual(comparison: Comparison): boolean {
  return comparison.missing.length + comparison.unexpected.length + comparison.repeated.length === 0;
}

/** `3 missing (0:17, 0:18, 1:4)`, or `equal`. */
export function differencesOf(comparison: Comparison): string {
  const parts = (['missing', 'unexpected', 'repeated'] as const)
    .filter((kind) => comparison[kind].length > 0)
    .map((kind) => {
      const list = comparison[kind];
      return `${list.length} ${kind} (${list.slice(0, EXAMPLES).join(', ')}${list.length > EXAMPLES ? ', …' : ''})`;
    });
  return parts.length === 0 ? 'equal' : parts.join(', ');
}
