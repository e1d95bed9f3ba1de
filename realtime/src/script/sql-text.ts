/** A text as a SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a SQL identifier. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The options of a table, one per line. */
export function withOptions(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `  ${literal(key)} = ${literal(value)}`)
    .join(',\n');
}
