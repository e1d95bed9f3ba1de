/**
 * Finds where things lie in a line of JSON without decoding it. It takes the compact form that serialisers write (no
 * spaces between tokens) and declines everything else, so a caller that gets positions back knows that every string in
 * between is complete and free of control characters.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;

export const NOT_FOUND = -1;

/** What scans met beside positions: escapes in strings, counted, and whether any byte is not ASCII. */
export interface ScanNotes {
  escapes: number;
  beyondAscii: boolean;
}

/** The position behind the string whose opening quote is at `start`; NOT_FOUND where it does not end or is not valid. */
export function endOfString(source: Buffer, start: number, end: number, notes: ScanNotes): number {
  for (let at = start + 1; at < end; at += 1) {
    const code = source[at] ?? 0;
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      notes.escapes += 1;
      at += 1;
    } else if (code < 0x20) return NOT_FOUND;
    else if (code >= 0x80) notes.beyondAscii = true;
  }
  return NOT_FOUND;
}

/** The position behind the nested value whose bracket is at `start`. Its inside is not validated. */
function endOfNested(source: Buffer, start: number, end: number, notes: ScanNotes): number {
  let depth = 0;
  for (let at = start; at < end;) {
    const code = source[at] ?? 0;
    if (code === QUOTE) {
      at = endOfString(source, at, end, notes);
      if (at === NOT_FOUND) return NOT_FOUND;
      continue;
    }
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return NOT_FOUND;
}

/** The position behind the value at `start`, before the comma or brace that follows it. Scalars are not validated. */
export function endOfValue(source: Buffer, start: number, end: number, notes: ScanNotes): number {
  const first = source[start] ?? 0;
  if (first === QUOTE) return endOfString(source, start, end, notes);
  if (first === 0x7b || first === 0x5b) return endOfNested(source, start, end, notes);
  for (let at = start; at < end; at += 1) {
    const code = source[at] ?? 0;
    if (code === COMMA || code === CLOSE_BRACE) return at;
  }
  return NOT_FOUND;
}

/** Whether `expected` stands at `start`. */
export function standsAt(source: Buffer, start: number, expected: Buffer): boolean {
  const length = expected.length;
  for (let index = 0; index < length; index += 1) if (source[start + index] !== expected[index]) return false;
  return true;
}
