const START = '{"deeper_arrays":';
const START_BYTES = Buffer.from(`${START}{`);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSE_BRACE = 0x7d;

/** Values with more dimensions than their column's Avro array has: each column's name with the source's JSON, byte for byte. */
export type DeeperArrays = ReadonlyMap<string, string>;

/** What `changes` says of such a column: its field is null to whoever does not know of `deeper_arrays`. */
function entryOf(column: string): string {
  return JSON.stringify({ field: column, change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR' });
}

/**
 * An `_airbyte_meta` that carries the arrays: `{"deeper_arrays":{"grid":"[[1,2],[3,4]]"},"changes":[…]}`. They stand at its
 * start, where a reader finds them by one comparison, and as texts, in which every digit survives a JSON parser.
 *
 * @param meta makes the rest, `{…"changes":[<entries>]…}`, around the entries of these columns
 * @see docs/adr/0021-deeper-arrays-beside-their-column.md
 */
export function metaWithDeeperArrays(arrays: DeeperArrays, meta: (entries: readonly string[]) => string): string {
  const rest = meta([...arrays.keys()].map(entryOf));
  const members = [...arrays].map(([column, json]) => `${JSON.stringify(column)}:${JSON.stringify(json)}`);
  return arrays.size === 0 ? rest : `${START}{${members.join(',')}},${rest.slice(1)}`;
}

/** Whether the `_airbyte_meta` that starts at `start` carries arrays. */
export function hasDeeperArrays(bytes: Buffer, start: number, end: number): boolean {
  const from = end - start < START_BYTES.length ? end : start;
  for (let index = 0; index < START_BYTES.length; index += 1) {
    if (bytes[from + index] !== START_BYTES[index] || from + index >= end) return false;
  }
  return true;
}

export interface TakenArrays {
  readonly arrays: DeeperArrays;
  /** The rest, as it would be had the columns been able to hold their values. */
  readonly meta: string;
}

/**
 * The reverse of {@link metaWithDeeperArrays}.
 *
 * @param meta for which {@link hasDeeperArrays} holds
 * @throws RangeError where it is in no form that we write
 */
export function takeDeeperArrays(meta: Buffer): TakenArrays {
  const behind = endOfTexts(meta, START_BYTES.length);
  const arrays = textsOf(meta.toString('utf8', START.length, behind));
  let rest = `{${meta.toString('utf8', behind + 1)}`;
  for (const column of arrays.keys()) rest = withoutEntry(rest, entryOf(column));
  return { arrays, meta: rest };
}

/** Behind the brace that closes an object of texts. */
function endOfTexts(bytes: Buffer, start: number): number {
  let inText = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) inText = !inText;
    else if (byte === CLOSE_BRACE && !inText) return at + 1;
  }
  throw malformed();
}

function textsOf(json: string): DeeperArrays {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw malformed();
  }
  const members = Object.entries(parsed as Record<string, unknown>);
  return new Map(
    members.map(([column, text]) => {
      if (typeof text !== 'string') throw malformed();
      return [column, text];
    }),
  );
}

function withoutEntry(meta: string, entry: string): string {
  const at = meta.indexOf(entry);
  if (at < 0) return meta;
  const end = at + entry.length;
  if (meta[end] === ',') return meta.slice(0, at) + meta.slice(end + 1);
  return meta.slice(0, meta[at - 1] === ',' ? at - 1 : at) + meta.slice(end);
}

function malformed(): RangeError {
  return new RangeError('its _airbyte_meta starts with deeper_arrays that are no texts by column');
}
