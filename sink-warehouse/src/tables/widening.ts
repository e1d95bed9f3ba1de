/**
 * The narrowest PostgreSQL type that holds every value of both types exactly, or undefined where there is none. Types are
 * written as `format_type` writes them.
 */
export function widestType(a: string, b: string): string | undefined {
  if (a === b) return a;
  return wider(parseType(a), parseType(b), a, b) ?? wider(parseType(b), parseType(a), b, a);
}

type Shape =
  | { readonly kind: 'integer'; readonly digits: number }
  | { readonly kind: 'numeric'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'any-numeric' }
  | { readonly kind: 'float'; readonly digits: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'limited-text'; readonly length: number }
  | { readonly kind: 'other' };

const integers: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };
const MAX_PRECISION = 1000;

function parseType(type: string): Shape {
  const digits = integers[type];
  if (digits !== undefined) return { kind: 'integer', digits };
  const numeric = /^numeric\((\d+),(-?\d+)\)$/.exec(type);
  if (numeric !== null) return { kind: 'numeric', precision: Number(numeric[1]), scale: Number(numeric[2]) };
  if (type === 'numeric') return { kind: 'any-numeric' };
  if (type === 'real') return { kind: 'float', digits: 6 };
  if (type === 'double precision') return { kind: 'float', digits: 15 };
  if (type === 'text' || type === 'character varying') return { kind: 'text' };
  const limited = /^character varying\((\d+)\)$/.exec(type);
  if (limited !== null) return { kind: 'limited-text', length: Number(limited[1]) };
  return { kind: 'other' };
}

/** What `a` becomes when it also has to hold `b`; undefined where this direction knows no answer. */
function wider(a: Shape, b: Shape, aType: string, bType: string): string | undefined {
  switch (a.kind) {
    case 'integer':
      return b.kind === 'integer' && a.digits > b.digits ? aType : undefined;
    case 'numeric':
      if (b.kind === 'integer') return numericType(Math.max(a.precision - a.scale, b.digits), Math.max(a.scale, 0));
      if (b.kind !== 'numeric') return undefined;
      return numericType(Math.max(a.precision - a.scale, b.precision - b.scale), Math.max(a.scale, b.scale));
    case 'any-numeric':
      return b.kind === 'integer' || b.kind === 'numeric' ? aType : undefined;
    case 'float':
      if (b.kind === 'float') return a.digits > b.digits ? aType : undefined;
      // int4 has 31 bits and double 53: exact. bigint and numeric are not, and money must never become a float.
      return a.digits === 15 && b.kind === 'integer' && b.digits <= 10 ? aType : undefined;
    case 'text':
      return b.kind === 'limited-text' || b.kind === 'text' || hasExactText(bType) ? aType : undefined;
    case 'limited-text':
      return b.kind === 'limited-text' && a.length > b.length ? aType : undefined;
    case 'other':
      return aType === 'timestamp without time zone' && bType === 'date' ? aType : undefined;
  }
}

function numericType(integerDigits: number, scale: number): string {
  const precision = integerDigits + scale;
  return precision > MAX_PRECISION ? 'numeric' : `numeric(${precision},${scale})`;
}

/** Types whose text form is the value and the same in every session. */
function hasExactText(type: string): boolean {
  return type === 'uuid' || type === 'integer' || type === 'bigint' || type === 'smallint' || type === 'boolean';
}
