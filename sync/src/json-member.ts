/**
 * The text of one member of a JSON object, as it stands: a state may hold numbers that a parse into doubles would change.
 *
 * @param json one JSON object
 * @returns undefined where the object has no such member, or the text is not an object
 */
export function jsonMember(json: string, name: string): string | undefined {
  let at = skipSpace(json, 0);
  if (json[at] !== '{') return undefined;
  at = skipSpace(json, at + 1);
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const key: unknown = JSON.parse(json.slice(at, keyEnd));
    at = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = endOfValue(json, at);
    if (key === name) return json.slice(at, end).trimEnd();
    at = skipSpace(json, end);
    if (json[at] !== ',') return undefined;
    at = skipSpace(json, at + 1);
  }
  return undefined;
}

function skipSpace(json: string, at: number): number {
  while (/[ \t\n\r]/.test(json.charAt(at))) at += 1;
  return at;
}

/** Index after the closing quote. */
function endOfString(json: string, at: number): number {
  for (let i = at + 1; i < json.length; i++) {
    if (json[i] === '\\') i += 1;
    else if (json[i] === '"') return i + 1;
  }
  return json.length;
}

/** Index after the value: where its own brackets are closed and a comma or bracket of its parent follows. */
function endOfValue(json: string, at: number): number {
  let depth = 0;
  let i = at;
  while (i < json.length) {
    const char = json[i];
    if (char === '"') {
      i = endOfString(json, i);
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}' || char === ']')) return i;
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    i += 1;
  }
  return i;
}
