/** A token of JSON, or the next character that is none. */
const TOKEN =
  /[ \t\r\n]*("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\]:,])?/y;

/** What may come next: by the token before, and by what is open around it. */
type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma or end' | 'end';

/**
 * Where a text stops being JSON, as `line 3, column 7`, both from 1. `JSON.parse` names no place for most faults, and
 * quotes the text, which may hold a password.
 */
export function jsonFault(text: string): string {
  const at = faultOf(text);
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

function faultOf(text: string): number {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const [whole = '', token] = TOKEN.exec(text) ?? [];
    const starts = at + whole.length - (token?.length ?? 0);
    const next: Expected | undefined = token === undefined ? undefined : after(token, expected, open);
    if (next === undefined) return starts;
    expected = next;
    at = starts + (token?.length ?? 0);
  }
}

/** What follows the token; undefined where it may not stand here. Opens and closes what it opens and closes. */
function after(token: string, expected: Expected, open: string[]): Expected | undefined {
  const isValue = expected === 'value' || expected === 'value or ]';
  switch (token) {
    case '{':
    case '[':
      if (!isValue) return undefined;
      open.push(token);
      return token === '{' ? 'name or }' : 'value or ]';
    case '}':
    case ']': {
      const empty = token === '}' ? 'name or }' : 'value or ]';
      if (expected !== empty && expected !== 'comma or end') return undefined;
      if (open.pop() !== (token === '}' ? '{' : '[')) return undefined;
      return closed(open);
    }
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    case ',':
      if (expected !== 'comma or end') return undefined;
      return open.at(-1) === '{' ? 'name' : 'value';
    default:
      if (token.startsWith('"') && (expected === 'name' || expected === 'name or }')) return 'colon';
      return isValue ? closed(open) : undefined;
  }
}

function closed(open: readonly string[]): Expected {
  return open.length === 0 ? 'end' : 'comma or end';
}
