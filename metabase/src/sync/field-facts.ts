import { asNumber, asRows } from '../api/answer';
import { isObject, type JsonObject } from '../content/json';
import { columnText, type ColumnName } from '../content/question';
import type { Columns } from './registry';

/** What dbt knows about a column that Metabase wants to know. */
export interface FieldFacts {
  readonly column: ColumnName;
  readonly description: string | undefined;
  readonly semanticType: string | undefined;
  /** The column that it points to. */
  readonly references: ColumnName | undefined;
}

/**
 * Keys and types of the marts' columns out of dbt's manifest: a `relationships` test is a foreign key, `unique` with
 * `not_null` a primary key; `meta.metabase.semantic_type` says a type outright, names say the rest.
 */
export function factsOfManifest(manifest: unknown): FieldFacts[] {
  const nodes = objects(isObject(manifest) ? manifest.nodes : undefined);
  const models = new Map<string, { schema: string; table: string; columns: Record<string, unknown>[] }>();
  for (const [id, node] of nodes) {
    if (node.resource_type !== 'model' || typeof node.name !== 'string' || typeof node.schema !== 'string') continue;
    const columns = objects(node.columns).map(([, column]) => column);
    models.set(id, {
      schema: node.schema,
      table: typeof node.alias === 'string' ? node.alias : node.name,
      columns,
    });
  }
  const foreign = new Map<string, ColumnName>();
  const tests = new Map<string, Set<string>>();
  for (const [, node] of nodes) {
    if (node.resource_type !== 'test' || !isObject(node.test_metadata)) continue;
    const model = typeof node.attached_node === 'string' ? models.get(node.attached_node) : undefined;
    const column = node.column_name;
    const kind = node.test_metadata.name;
    if (model === undefined || typeof column !== 'string' || typeof kind !== 'string') continue;
    const name = columnText({ schema: model.schema, table: model.table, column });
    tests.set(name, (tests.get(name) ?? new Set()).add(kind));
    if (kind === 'relationships') {
      const target = targetOf(node.test_metadata.kwargs, models);
      if (target !== undefined) foreign.set(name, target);
    }
  }
  return [...models.values()]
    .filter((model) => model.schema === 'marts')
    .flatMap((model) =>
      model.columns.flatMap((column): FieldFacts[] => {
        if (typeof column.name !== 'string') return [];
        const named = { schema: model.schema, table: model.table, column: column.name };
        const kinds = tests.get(columnText(named)) ?? new Set<string>();
        const references = foreign.get(columnText(named));
        const key = kinds.has('unique') && kinds.has('not_null') ? 'type/PK' : undefined;
        const semanticType =
          metaType(column) ?? (references === undefined ? key : 'type/FK') ?? typeByName(named.column);
        const description =
          typeof column.description === 'string' && column.description !== '' ? column.description : undefined;
        return [{ column: named, description, semanticType, references }];
      }),
    );
}

function targetOf(
  kwargs: unknown,
  models: ReadonlyMap<string, { readonly schema: string; readonly table: string }>,
): ColumnName | undefined {
  // dbt 1.10.5+ nests a test's own arguments; before, they stood beside `column_name`.
  const outer = isObject(kwargs) ? kwargs : {};
  const given = isObject(outer.arguments) ? outer.arguments : outer;
  const name = typeof given.to === 'string' ? /ref\(\s*['"]([^'"]+)['"]\s*\)/.exec(given.to)?.[1] : undefined;
  const target = [...models.values()].find((model) => model.table === name);
  return target === undefined || typeof given.field !== 'string'
    ? undefined
    : { schema: target.schema, table: target.table, column: given.field };
}

function metaType(column: Record<string, unknown>): string | undefined {
  const meta = isObject(column.meta) ? column.meta : {};
  const own = isObject(meta.metabase) ? meta.metabase.semantic_type : meta['metabase.semantic_type'];
  return typeof own === 'string' ? own : undefined;
}

function typeByName(column: string): string | undefined {
  if (column === 'country') return 'type/Country';
  if (column === 'city') return 'type/City';
  if (/_rate$|_share$/.test(column)) return 'type/Percentage';
  if (/^(currency|channel|severity|rfm_segment|kyc_tier)$|_(type|status|category|kind|segment)$/.test(column))
    return 'type/Category';
  return undefined;
}

/** A write for each column whose facts Metabase does not have yet. */
export function fieldChanges(
  facts: readonly FieldFacts[],
  columns: Columns,
  metadata: JsonObject,
): { id: number; column: ColumnName; body: JsonObject }[] {
  const known = new Map(
    asRows(metadata.tables, 'the tables').flatMap((table) =>
      asRows(table.fields, 'the fields').map((field): [number, JsonObject] => [
        asNumber(field.id, 'a field id'),
        field,
      ]),
    ),
  );
  return facts.flatMap(({ column, description, semanticType, references }) => {
    const id = columns.id(column);
    if (id === undefined) return [];
    const target = references === undefined ? undefined : columns.id(references);
    const wanted: JsonObject = {
      ...(description === undefined ? {} : { description }),
      // A foreign key without its target would be no key.
      ...(semanticType === undefined || (semanticType === 'type/FK' && target === undefined)
        ? {}
        : { semantic_type: semanticType }),
      ...(target === undefined ? {} : { fk_target_field_id: target }),
    };
    const there = known.get(id) ?? {};
    const body = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => there[name] !== value));
    return Object.keys(body).length === 0 ? [] : [{ id, column, body }];
  });
}

function objects(value: unknown): [string, Record<string, unknown>][] {
  return isObject(value)
    ? Object.entries(value).filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1]))
    : [];
}
