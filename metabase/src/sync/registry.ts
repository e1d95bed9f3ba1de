import { Failure } from '@ewallet/failure';
import { asNumber, asObject, asRows, asText } from '../api/answer';
import type { Content } from '../content/content';
import type { JsonObject } from '../content/json';
import { columnText, type ColumnName } from '../content/question';
import { parameterId } from '../wire/ids';
import type { ToIds, ToNames } from '../wire/references';

/** The columns of a database as Metabase has synced them: numbers by name and names by number. */
export class Columns {
  private readonly ids = new Map<string, number>();
  private readonly names = new Map<number, ColumnName>();

  constructor(
    readonly database: number,
    metadata: JsonObject,
  ) {
    for (const table of asRows(metadata.tables, 'the tables of the database'))
      for (const field of asRows(table.fields, 'the fields of a table')) {
        const column = {
          schema: asText(table.schema ?? '', 'a schema'),
          table: asText(table.name, 'a table'),
          column: asText(field.name, 'a column'),
        };
        const id = asNumber(field.id, `the id of ${columnText(column)}`);
        this.ids.set(columnText(column), id);
        this.names.set(id, column);
      }
  }

  id(column: ColumnName): number | undefined {
    return this.ids.get(columnText(column));
  }

  name(id: number): ColumnName | undefined {
    return this.names.get(id);
  }
}

/** The numbers that keys have on this server. It grows as things are made. */
export class Registry implements ToIds, ToNames {
  readonly collections = new Map<string, number>();
  readonly questions = new Map<string, number>();
  readonly dashboards = new Map<string, number>();
  /** By dashboard key: tab key → number. */
  readonly tabs = new Map<string, ReadonlyMap<string, number>>();
  private readonly filterIds = new Map<string, string>();

  constructor(
    private readonly content: Content,
    private readonly columns: Columns,
    private readonly otherDatabases: ReadonlyMap<string, number>,
  ) {
    for (const dashboard of content.dashboards.values())
      for (const filter of dashboard.filters ?? [])
        this.filterIds.set(`${dashboard.key}\n${filter.key}`, filter.id ?? parameterId(dashboard.key, filter.key));
  }

  /** Notes a filter that was read back, with whatever id Metabase gave it. */
  noteFilter(dashboard: string, filter: string, id: string): void {
    // A slug that was changed in Metabase: the file's name for the same filter is not its name any more.
    for (const [name, known] of this.filterIds)
      if (known === id && name.startsWith(`${dashboard}\n`)) this.filterIds.delete(name);
    this.filterIds.set(`${dashboard}\n${filter}`, id);
  }

  readonly filterId = (dashboard: string, filter: string): string =>
    this.filterIds.get(`${dashboard}\n${filter}`) ?? parameterId(dashboard, filter);

  readonly filterKey = (dashboard: string, id: string): string | undefined => {
    for (const [name, known] of this.filterIds) {
      const [of, filter] = name.split('\n', 2);
      if (of === dashboard && known === id) return filter;
    }
    return undefined;
  };

  field(column: ColumnName): number;
  field(id: number): ColumnName | undefined;
  field(from: ColumnName | number): number | ColumnName | undefined {
    if (typeof from === 'number') return this.columns.name(from);
    const id = this.columns.id(from);
    if (id !== undefined) return id;
    throw Failure.config(
      `Column ${columnText(from)} is not in Metabase's copy of the schema. Build the marts, then run setup (or sync the database in Metabase).`,
    );
  }

  database(name: string | undefined): number;
  database(id: number): string | undefined;
  database(from: string | number | undefined): number | string | undefined {
    if (from === undefined) return this.columns.database;
    if (typeof from === 'string') {
      const id = this.otherDatabases.get(from);
      if (id === undefined) throw Failure.config(`Metabase has no database named "${from}".`);
      return id;
    }
    if (from === this.columns.database) return undefined;
    return [...this.otherDatabases].find(([, id]) => id === from)?.[0] ?? `#${from}`;
  }

  collection(key: string): number;
  collection(id: number): string | undefined;
  collection(from: string | number): number | string | undefined {
    return typeof from === 'number' ? keyOf(this.collections, from) : idOf(this.collections, from, 'collection');
  }

  question(key: string): number;
  question(id: number): string | undefined;
  question(from: string | number): number | string | undefined {
    return typeof from === 'number' ? keyOf(this.questions, from) : idOf(this.questions, from, 'question');
  }

  dashboard(key: string): number;
  dashboard(id: number): string | undefined;
  dashboard(from: string | number): number | string | undefined {
    return typeof from === 'number' ? keyOf(this.dashboards, from) : idOf(this.dashboards, from, 'dashboard');
  }

  tab(dashboard: string, key: string): number | undefined;
  tab(dashboard: string, id: number): string | undefined;
  tab(dashboard: string, from: string | number): number | string | undefined {
    const tabs = this.tabs.get(dashboard);
    if (typeof from === 'string') return tabs?.get(from);
    return tabs === undefined ? undefined : keyOf(tabs, from);
  }

  tagKind(question: string, tag: string): 'dimension' | 'variable' {
    return this.content.questions.get(question)?.tags?.[tag]?.kind === 'field' ? 'dimension' : 'variable';
  }
}

function idOf(ids: ReadonlyMap<string, number>, key: string, what: string): number {
  const id = ids.get(key);
  if (id === undefined)
    throw Failure.config(`The ${what} "${key}" is not on the server yet; apply it first (or without --only).`);
  return id;
}

function keyOf(ids: ReadonlyMap<string, number>, id: number): string | undefined {
  for (const [key, known] of ids) if (known === id) return key;
  return undefined;
}

/** Every database of the server by name. */
export function databaseIds(databases: readonly JsonObject[]): Map<string, number> {
  return new Map(
    databases.map((database) => {
      const row = asObject(database, 'a database');
      return [asText(row.name, 'a database name'), asNumber(row.id, 'a database id')];
    }),
  );
}
