import type { ColumnProfile, TableProfile } from '../database/profile';
import { meaningOfWord } from '../model/domains';
import { COLUMNS, FAMILIES, type CanonicalColumn, type Role } from '../model/roles';
import { shareOfCurrencies } from './choose-tables';
import { percent } from '../model/shown';
import { nameScore } from './names';
import type { Reference } from './references';

export interface ColumnChoice {
  readonly column: ColumnProfile;
  readonly score: number;
  readonly because: string;
  readonly alternatives: readonly string[];
}

/** A lone signal is never certain; below this it is no proposal. */
const LEAST = 0.45;

/** What tells, beside the columns of the table, which one fits. */
interface Surroundings {
  readonly references: readonly Reference[];
  readonly parents: Readonly<Partial<Record<Role, string>>>;
}

/**
 * A column of the table for each canonical column that one fits, best first, none used twice. Names propose, values can veto:
 * `email_verified` is no e-mail address, as its values are none.
 */
export function chooseColumns(
  role: Role,
  table: TableProfile,
  { references, parents, except = new Set() }: Surroundings & { readonly except?: ReadonlySet<string> },
): ReadonlyMap<string, ColumnChoice> {
  const candidates = COLUMNS[role]
    .flatMap((canonical) =>
      table.columns.map((column) => ({
        canonical,
        column,
        ...scored(canonical, column, { table, references, parents }),
      })),
    )
    .filter((each) => each.score >= LEAST && !except.has(each.column.name))
    .sort((a, b) => b.score - a.score);
  const chosen = new Map<string, ColumnChoice>();
  const used = new Set<string>();
  for (const { canonical, column, score, because } of candidates) {
    if (chosen.has(canonical.name) || used.has(column.name)) continue;
    used.add(column.name);
    const others = candidates.filter((each) => each.canonical === canonical && each.column !== column);
    chosen.set(canonical.name, {
      column,
      score,
      because,
      alternatives: others.slice(0, 2).map((each) => `${each.column.sql} ${each.score.toFixed(2)}`),
    });
  }
  return chosen;
}

function scored(
  canonical: CanonicalColumn,
  column: ColumnProfile,
  { table, references, parents }: Surroundings & { readonly table: TableProfile },
): { readonly score: number; readonly because: string } {
  const none = { score: 0, because: '' };
  if (!FAMILIES[canonical.kind.kind].includes(column.family)) return none;
  const name = nameScore(column.name, table.name, canonical.names);
  const [value, because] = evidenceOf(canonical, column, { table, references, parents });
  // A veto by the values: nothing that the name says helps.
  if (value < 0) return none;
  // Deletion marks and the like are no date of anything else.
  if (canonical.kind.kind === 'instant' && isDeletionMark(column)) return none;
  if (name === 0 && value < 0.9) return none;
  const score = Math.min(0.99, 0.7 * name + 0.3 * value);
  return { score, because: [`name ${name.toFixed(2)}`, ...(because === '' ? [] : [because])].join('; ') };
}

/** What the values say, from -1 (it cannot be) to 1, and in words. */
function evidenceOf(
  canonical: CanonicalColumn,
  column: ColumnProfile,
  { table, references, parents }: Surroundings & { readonly table: TableProfile },
): readonly [number, string] {
  if (column.filled === 0) return [0.2, 'no value so far'];
  const { kind } = canonical;
  switch (kind.kind) {
    case 'key':
      return column.unique ? [1, 'unique, never null'] : [-1, ''];
    case 'reference': {
      const parent = kind.to === 'transactions' && table.name === parents.transactions ? table.name : parents[kind.to];
      const found = references.find(
        (each) => each.table === table.name && each.column === column.name && each.parent === parent,
      );
      if (found === undefined) return [-1, ''];
      return [
        found.joined,
        `${percent(found.joined)} are keys of ${found.parent}${found.declared ? ' by its foreign key' : ''}`,
      ];
    }
    case 'code': {
      if (column.values.length === 0) return kind.domain === 'merchant_category' ? [0.3, ''] : [-1, ''];
      const rows = column.values.reduce((sum, each) => sum + each.rows, 0);
      const known = column.values.reduce(
        (sum, each) => sum + (meaningOfWord(kind.domain, each.value) === undefined ? 0 : each.rows),
        0,
      );
      return [
        0.5 + 0.5 * (known / Math.max(rows, 1)),
        `${column.values.length} values${known > 0 ? `, ${percent(known / rows)} of rows known by word` : ''}`,
      ];
    }
    case 'money':
      return [
        column.looks.fraction > 0 || column.family === 'integer' ? 0.8 : 0.6,
        column.family === 'integer' ? 'whole numbers' : 'decimal',
      ];
    case 'currency': {
      const share = shareOfCurrencies(column);
      if (share === 0) return [column.family === 'integer' ? -1 : 0.1, ''];
      return [share, `${percent(share)} are ISO 4217 codes`];
    }
    case 'country':
      return column.looks.upperCode > 0.9 ? [0.9, 'two or three capital letters'] : [0.2, ''];
    case 'email':
      return column.looks.email > 0.5 ? [1, `${percent(column.looks.email)} look like e-mail`] : [-1, ''];
    case 'phone':
      return column.looks.phone > 0.5 ? [0.85, `${percent(column.looks.phone)} look like a phone number`] : [-1, ''];
    case 'instant':
      return [column.filled === table.rows ? 0.7 : 0.6, column.type];
    case 'number':
    case 'session':
    case 'text':
      return [0.5, column.type];
  }
}

/** Null in nearly every row, and named for it. */
export function isDeletionMark(column: ColumnProfile): boolean {
  return /(^|_)(deleted|removed|erased|anonymi[sz]ed|archived|purged)(_|$)/.test(column.name.toLowerCase());
}
