/**
 * The template language of Metabase's native queries: `{{tag}}`, and `[[ … {{tag}} … ]]` around what goes away while a
 * tag inside it has no value.
 */
export type Part =
  | { readonly kind: 'sql'; readonly text: string }
  | { readonly kind: 'tag'; readonly name: string }
  | { readonly kind: 'optional'; readonly parts: readonly Part[] };

const TOKEN = /\[\[|\]\]|\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/**
 * The parts of a query, in order. Optional parts do not nest in Metabase, and do not here.
 * @throws RangeError on a bracket without its other half.
 */
export function parseTemplate(sql: string): Part[] {
  const outer: Part[] = [];
  let optional: Part[] | undefined;
  let end = 0;
  for (const match of sql.matchAll(TOKEN)) {
    const into = optional ?? outer;
    if (match.index > end) into.push({ kind: 'sql', text: sql.slice(end, match.index) });
    end = match.index + match[0].length;
    if (match[1] !== undefined) into.push({ kind: 'tag', name: match[1] });
    else if (match[0] === '[[') {
      if (optional !== undefined) throw new RangeError('"[[" inside of "[["');
      optional = [];
    } else {
      if (optional === undefined) throw new RangeError('"]]" without "[["');
      outer.push({ kind: 'optional', parts: optional });
      optional = undefined;
    }
  }
  if (optional !== undefined) throw new RangeError('"[[" without "]]"');
  if (end < sql.length) outer.push({ kind: 'sql', text: sql.slice(end) });
  return outer;
}

/** The tags that a query names. */
export function tagsInSql(sql: string): Set<string> {
  return new Set([...sql.matchAll(TOKEN)].flatMap((match) => (match[1] === undefined ? [] : [match[1]])));
}
