/** PostgreSQL's array text as nested lists; null for NULL, the elements' own text otherwise. */
export type ArrayText = string | null | readonly ArrayText[];

/**
 * Parses `{a,"b \" c",NULL,{…}}`, with or without bounds in front (`[0:1]={…}`), of any depth.
 *
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function parseArrayText(text: string, delimiter: string): readonly ArrayText[] {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;

  function list(): readonly ArrayText[] {
    const items: ArrayText[] = [];
    at += 1; // the opening brace
    while (text[at] !== '}') {
      if (at >= text.length) throw new SyntaxError('array text without an end');
      items.push(item());
      if (text[at] === delimiter) at += 1;
    }
    at += 1;
    return items;
  }

  function item(): ArrayText {
    if (text[at] === '{') return list();
    if (text[at] === '"') return quoted();
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at += text[at] === '\\' ? 2 : 1;
    const bare = text.slice(start, at).replace(/\\(.)/gs, '$1');
    return bare === 'NULL' ? null : bare;
  }

  function quoted(): string {
    const start = (at += 1);
    let escaped = false;
    while (text[at] !== '"') {
      if (at >= text.length) throw new SyntaxError('array text without an end');
      if (text[at] === '\\') escaped = true;
      at += text[at] === '\\' ? 2 : 1;
    }
    const inner = text.slice(start, at);
    at += 1;
    return escaped ? inner.replace(/\\(.)/gs, '$1') : inner;
  }

  return list();
}
