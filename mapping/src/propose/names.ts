/** Words of a name: `payerAccount_ID` is payer, account, id. Plurals lose their s, as tables have it and columns have not. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map(singular);
}

function singular(word: string): string {
  if (/(ss|us|is|os)$/.test(word) || word.length < 4) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

/** Words that say what a column is made of and not what it means. */
const FILLERS = new Set([
  'id',
  'iso',
  'iso2',
  'iso3',
  'minor',
  'at',
  'ts',
  'uuid',
  'no',
  'key',
  'code',
  'num',
  'ref',
  'text',
]);

/**
 * How well a column's name says that it is one of `names`, from 0 to 1. Whole words are compared, never parts of them: `cid` is
 * in `acid_level`. Words of the table's own name say nothing new: `wallet_kind` of `wallets` is `kind`.
 */
export function nameScore(column: string, table: string, names: readonly string[]): number {
  const tableWords = new Set(wordsOf(table));
  const all = wordsOf(column.slice(column.lastIndexOf('.') + 1));
  const own = all.filter((word) => !tableWords.has(word));
  const scores = names.map((name, index) => {
    const wanted = wordsOf(name);
    const rank = 1 - Math.min(index, 10) * 0.01; // the likelier name first
    return rank * Math.max(wordsScore(all, wanted), own.length === 0 ? 0 : wordsScore(own, wanted) * 0.98);
  });
  return Math.max(0, ...scores);
}

function wordsScore(words: readonly string[], wanted: readonly string[]): number {
  if (words.join('_') === wanted.join('_')) return 1;
  if (!wanted.every((word) => words.includes(word))) return 0;
  const meaningful = words.filter((word) => !FILLERS.has(word) || wanted.includes(word));
  return 0.95 * (0.4 + 0.6 * (wanted.length / Math.max(meaningful.length, wanted.length)));
}

/** How well a table's name says that it is one of `names`. */
export function tableNameScore(table: string, names: readonly string[]): number {
  return nameScore(table, '', names);
}
