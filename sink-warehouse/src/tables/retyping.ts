import type { ForeignShape } from '@ewallet/avro';

/**
 * What a jsonb column of the sink before 1.1 held of such a type, as an expression of the type that it lands in now;
 * undefined where it lands in jsonb still. Every value that the sink wrote converts exactly.
 *
 * @param column the column, quoted
 */
export function fromJsonSql(shape: ForeignShape, column: string): string | undefined {
  const text = `(${column} #>> '{}')`;
  const bytes = `pg_catalog.decode(${text}, 'base64')`;
  switch (shape.shape) {
    case 'value':
      return undefined;
    case 'enum':
      return text;
    case 'millis': {
      const epoch = {
        timestamptz: "timestamptz '1970-01-01 00:00:00Z'",
        timestamp: "timestamp '1970-01-01'",
        time: "time '00:00'",
      };
      const millis = `${text}::bigint`;
      // By seconds and the rest: an interval times a number of more than 53 bits would round.
      return `${epoch[shape.of]} + (${millis} / 1000) * interval '1 second' + (${millis} % 1000) * interval '1 millisecond'`;
    }
    case 'fixedDecimal':
      return `${text}::numeric(${shape.precision},${shape.scale})`;
    case 'fixedUuid':
      return `pg_catalog.encode(${bytes}, 'hex')::uuid`;
    case 'fixed':
      return bytes;
    case 'duration': {
      const unsigned = (at: number) =>
        `(${[0, 1, 2, 3].map((byte) => `pg_catalog.get_byte(${bytes}, ${at + byte})::bigint * ${256 ** byte}`).join(' + ')})`;
      return `pg_catalog.make_interval(months => ${unsigned(0)}::integer, days => ${unsigned(4)}::integer, secs => ${unsigned(8)} / 1000.0)`;
    }
  }
}

/** Types that PostgreSQL converts into each other with any value that fits. */
const CASTS: ReadonlySet<string> = new Set(
  [
    ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
    ['date', 'timestamp without time zone', 'timestamp with time zone'],
    ['json', 'jsonb'],
  ].flatMap((group) => group.flatMap((from) => group.map((to) => `${from} ${to}`))),
);

/**
 * Statements that an administrator can type as they stand, after which the column takes what rows bring. Where no cast
 * holds for every value, the old column stays beside the new one under another name.
 *
 * @param table the table, quoted, and `name` the column, quoted; `aside` a quoted name that no column has
 */
export function retypeSql(
  table: string,
  name: string,
  change: { readonly from: string; readonly to: string; readonly aside: string; readonly hasDefault: boolean },
): string {
  const { from, to, aside, hasDefault } = change;
  const alter = `alter table ${table}`;
  const using = (expression: string) =>
    `${alter}${hasDefault ? ` alter column ${name} drop default,` : ''} alter column ${name} type ${to} using ${expression}`;
  if (to === 'text') return using(from === 'jsonb' || from === 'json' ? `${name} #>> '{}'` : `${name}::text`);
  if (to === 'jsonb') return using(`pg_catalog.to_jsonb(${name})`);
  if (CASTS.has(`${bare(from)} ${bare(to)}`)) return using(`${name}::${to}`);
  return `${alter} rename column ${name} to ${aside}; ${alter} add column ${name} ${to}`;
}

function bare(type: string): string {
  return type.replace(/\(.*\)/, '');
}
