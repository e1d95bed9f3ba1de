import type { ColumnName } from '../content/question';

/** Names to this server's numbers. Each throws a Failure that names what is missing. */
export interface ToIds {
  database(name: string | undefined): number;
  field(column: ColumnName): number;
  collection(key: string): number;
  question(key: string): number;
  dashboard(key: string): number;
  tab(dashboardKey: string, tabKey: string): number | undefined;
  /** What a dashboard filter feeds in a question: a field filter or a plain variable. */
  tagKind(questionKey: string, tag: string): 'dimension' | 'variable';
}

/** This server's numbers to names; undefined where the number is none that the content knows. */
export interface ToNames {
  /** undefined for the database that the content belongs to. */
  database(id: number): string | undefined;
  field(id: number): ColumnName | undefined;
  collection(id: number): string | undefined;
  question(id: number): string | undefined;
  dashboard(id: number): string | undefined;
  tab(dashboardKey: string, tabId: number): string | undefined;
}
