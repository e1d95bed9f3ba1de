/** A table's name as people and configurations write it: `public.users`. Never SQL: that is quoteQualified's. */
export function streamName(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`;
}
