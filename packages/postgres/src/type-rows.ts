import type { ClientBase } from 'pg';
import type { TypeRow } from './column-type';

const typesSql = `
  select t.oid::int8 as oid, t.typname as name, t.typnamespace = 'pg_catalog'::regnamespace as built_in,
    t.typtype as type, t.typbasetype::int8 as base_type, t.typtypmod as modifier, t.typndims as dimensions,
    case when t.typcategory = 'A' and e.typarray = t.oid then t.typelem::int8 else 0 end as element, t.typdelim as delimiter
  from pg_type t left join pg_type e on e.oid = t.typelem
  where t.typtype in ('b', 'd')`;

interface TypeSqlRow {
  oid: string;
  name: string;
  built_in: boolean;
  type: string;
  base_type: string;
  modifier: number;
  dimensions: number;
  element: string;
  delimiter: string;
}

/** Base types and domains of the connected database, by oid: what {@link resolveColumnType} looks columns up in. */
export async function queryTypes(client: ClientBase): Promise<ReadonlyMap<number, TypeRow>> {
  const { rows } = await client.query<TypeSqlRow>(typesSql);
  return new Map(rows.map((row) => [Number(row.oid), typeRow(row)]));
}

function typeRow(row: TypeSqlRow): TypeRow {
  return {
    oid: Number(row.oid),
    name: row.name,
    isBuiltIn: row.built_in,
    type: row.type,
    baseType: Number(row.base_type),
    typeModifier: row.modifier,
    dimensions: row.dimensions,
    element: Number(row.element),
    delimiter: row.delimiter,
  };
}
