import type { PageQuestion } from '../../src/preview/page-data';
import type { Rows } from './card-format';

export interface Tint {
  readonly color: string;
  /** 0 no colour … 1 all of it. */
  readonly share: number;
}

interface Rule {
  readonly columns: readonly string[];
  readonly kind: 'range' | 'single';
  readonly colors: readonly string[];
  readonly color: string;
  readonly operator: string;
  readonly value: string;
}

/** Metabase's conditional formatting of a table (`table.column_formatting`): a colour range, or one colour on a match. */
export function shadeOf(card: PageQuestion, rows: Rows): (column: string, value: string | null) => Tint | undefined {
  const rules = parseRules(card.settings['table.column_formatting']);
  const ranges = new Map(
    rules.filter((rule) => rule.kind === 'range').map((rule) => [rule, extent(rows, rule.columns)]),
  );
  return (column, value) => {
    if (value === null) return undefined;
    for (const rule of rules) {
      if (!rule.columns.includes(column)) continue;
      if (rule.kind === 'single') {
        if (matches(rule, value)) return { color: rule.color, share: 1 };
        continue;
      }
      const [low, high] = ranges.get(rule) ?? [0, 0];
      const color = rule.colors.at(-1);
      if (color === undefined || high <= low) continue;
      return { color, share: Math.min(1, Math.max(0, (Number(value) - low) / (high - low))) };
    }
    return undefined;
  };
}

function extent(rows: Rows, columns: readonly string[]): [number, number] {
  const numbers = rows.columns.flatMap((column, index) =>
    columns.includes(column.name)
      ? rows.rows.flatMap((row) => (row[index] === null || row[index] === undefined ? [] : [Number(row[index])]))
      : [],
  );
  return [Math.min(...numbers), Math.max(...numbers)];
}

function matches(rule: Rule, value: string): boolean {
  switch (rule.operator) {
    case '=':
      return equal(value, rule.value);
    case '!=':
      return !equal(value, rule.value);
    case '<':
      return Number(value) < Number(rule.value);
    case '>':
      return Number(value) > Number(rule.value);
    case '<=':
      return Number(value) <= Number(rule.value);
    case '>=':
      return Number(value) >= Number(rule.value);
    default:
      return false;
  }
}

/** As numbers where both are: the warehouse says 0.0000 of a gap of 0. */
function equal(value: string, other: string): boolean {
  const numbers = [value, other].every((one) => one.trim() !== '' && Number.isFinite(Number(one)));
  return numbers ? Number(value) === Number(other) : value === other;
}

function parseRules(setting: unknown): Rule[] {
  if (!Array.isArray(setting)) return [];
  return (setting as unknown[]).flatMap((item) => {
    if (typeof item !== 'object' || item === null) return [];
    const rule = item as Record<string, unknown>;
    const list = (value: unknown): string[] =>
      Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    return [
      {
        columns: list(rule.columns),
        kind: rule.type === 'range' ? ('range' as const) : ('single' as const),
        colors: list(rule.colors),
        color: typeof rule.color === 'string' ? rule.color : '',
        operator: typeof rule.operator === 'string' ? rule.operator : '',
        value: typeof rule.value === 'string' || typeof rule.value === 'number' ? String(rule.value) : '',
      },
    ];
  });
}
