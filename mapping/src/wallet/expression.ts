import { quoteLiteral, quoteQualified } from '@ewallet/postgres';
import { nameInSql } from '../database/catalogue';
import type { Expression, FeePayer, FeeSide, Mapping } from '../file/mapping';

/** The name that dbt's staging and this part give the table that expressions read; a lookup says by it which row it is for. */
export const ROWS = 'source_rows';

/** An expression as SQL over the rows of its table. */
export function expressionSql(expression: Expression, schema: string): string {
  switch (expression.kind) {
    case 'sql':
      return expression.sql;
    case 'lookup':
      return (
        `(select looked_up.${nameInSql(expression.take)} from ${quoteQualified(schema, expression.table)} as looked_up ` +
        `where looked_up.${nameInSql(expression.key)} = ${ROWS}.${nameInSql(expression.by)} limit 1)`
      );
  }
}

/** What the receiver pays of a fee, as SQL over the transactions' table; the sender pays the rest. */
export function destinationFeeSql(payer: FeePayer, fee: string): string {
  switch (payer.kind) {
    case 'source':
      return '0';
    case 'destination':
      return fee;
    case 'by_column': {
      const share = (side: FeeSide): string => {
        switch (side) {
          case 'source':
            return '0';
          case 'destination':
            return fee;
          case 'split':
            return `${fee} / 2.0`;
        }
      };
      const cases = Object.entries(payer.values).map(
        ([value, side]) => `when ${quoteLiteral(value).trim()} then ${share(side)}`,
      );
      return cases.length === 0 ? '0' : `case cast(${payer.column} as text) ${cases.join(' ')} else 0 end`;
    }
  }
}

/** The minor unit divisor of each currency that has one, as SQL over an expression that gives the currency. */
export function byCurrency(
  mapping: Mapping,
  currency: string,
  take: (each: Mapping['currencies'][string]) => string | undefined,
): string {
  const cases = Object.entries(mapping.currencies).flatMap(([name, each]) => {
    const value = take(each);
    return value === undefined ? [] : [`when ${quoteLiteral(name).trim()} then ${value}`];
  });
  return cases.length === 0 ? 'null' : `case cast(${currency} as text) ${cases.join(' ')} end`;
}
