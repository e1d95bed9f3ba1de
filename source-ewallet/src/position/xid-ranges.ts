/**
 * A set of 64-bit transaction ids (xid8) as sorted, disjoint, inclusive ranges. In state it is text a person can read:
 * `["1001", "1003-1007"]`.
 */
export type XidRanges = readonly (readonly [first: bigint, last: bigint])[];

export function rangesOf(xids: Iterable<bigint>): XidRanges {
  const sorted = [...new Set(xids)].sort((a, b) => (a < b ? -1 : 1));
  const ranges: [bigint, bigint][] = [];
  for (const xid of sorted) {
    const last = ranges.at(-1);
    if (last?.[1] === xid - 1n) last[1] = xid;
    else ranges.push([xid, xid]);
  }
  return ranges;
}

export function formatRanges(ranges: XidRanges): readonly string[] {
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
}

/** Undefined where a text is no range. */
export function parseRanges(texts: readonly unknown[]): XidRanges | undefined {
  const ranges: (readonly [bigint, bigint])[] = [];
  for (const text of texts) {
    const match = typeof text === 'string' ? /^(\d+)(?:-(\d+))?$/.exec(text) : null;
    if (match?.[1] === undefined) return undefined;
    ranges.push([BigInt(match[1]), BigInt(match[2] ?? match[1])]);
  }
  return ranges;
}
