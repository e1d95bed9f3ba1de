/** Where one member of a JSON object lies in the text: the value's raw text is `text.slice(start, end)`. */
export interface RawMember {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

function skipSpace(text: string, position: number): number {
  let at = position;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}

/** The position behind a string that starts at its quote. */
function endOfString(text: string, position: number): number {
  let at = position + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The position behind any JSON value. */
function endOfValue(text: string, position: number): number {
  const first = text[position];
  if (first === '"') return endOfString(text, position);
  if (first !== '{' && first !== '[') {
    let at = position;
    while (at < text.length && !',}] \t\r\n'.includes(text.charAt(at))) at += 1;
    return at;
  }
  let depth = 0;
  for (let at = position; ;) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
}

/**
 * The members of the object that starts at `position`, with their values as raw text, so that no digit and no byte of
 * nested JSON is lost on the way through JavaScript values.
 *
 * @param text valid JSON: it has been through JSON.parse
 */
export function rawMembers(text: string, position: number): readonly RawMember[] {
  const members: RawMember[] = [];
  let at = skipSpace(text, position + 1);
  while (text[at] !== '}') {
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ key, start, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

/** The elements of the array that starts at `position`, as raw text. */
export function rawElements(text: string, position: number): readonly string[] {
  const elements: string[] = [];
  let at = skipSpace(text, position + 1);
  while (text[at] !== ']') {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return elements;
}

/** The member with this key; the last one where the key is repeated, as JSON.parse has it. */
export function lastMember(members: readonly RawMember[], key: string): RawMember | undefined {
  return members.findLast((member) => member.key === key);
}
