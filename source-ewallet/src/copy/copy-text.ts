const letters = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** One field of COPY's text format as the text it stands for; the null mark is the caller's to look for. */
export function unescapeCopyText(field: Buffer): string {
  const text = field.toString('utf8');
  return text.includes('\\') ? text.replace(/\\(.)/gs, (_, letter: string) => letters.get(letter) ?? letter) : text;
}
