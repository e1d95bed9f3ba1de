import type { Client } from 'pg';
import type { FoundValues } from './change-encoder';
import { keyText, MOST_ASKED, queryUnchangedValues, type AskedTable } from './unchanged-values';

/** Values that were asked for, for as long as the messages that they were asked for are in hand. */
export class UnchangedCache {
  private readonly byRelation = new Map<number, Map<string, FoundValues>>();

  constructor(private readonly client: Client) {}

  find(relation: number, key: readonly string[]): { readonly found: FoundValues } | undefined {
    const rows = this.byRelation.get(relation);
    const text = keyText(key);
    return rows?.has(text) === true ? { found: rows.get(text) } : undefined;
  }

  async load(table: AskedTable, keys: readonly (readonly string[])[]): Promise<void> {
    const asked = new Map(keys.slice(0, MOST_ASKED).map((key) => [keyText(key), key]));
    const found = await queryUnchangedValues(this.client, table, [...asked.values()]);
    const rows = this.byRelation.get(table.oid) ?? new Map<string, FoundValues>();
    for (const text of asked.keys()) rows.set(text, found.get(text));
    this.byRelation.set(table.oid, rows);
  }

  clear(): void {
    this.byRelation.clear();
  }
}
