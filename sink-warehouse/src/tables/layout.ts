import type { ForeignShape, WriterColumn, WriterSchema } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { columnType } from './column-type';
import { widestType } from './widening';

/** A column as rows of one batch carry it: landing columns have the types of the writer schemas. */
export interface LandingColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  /** What the column's Avro type holds, where another producer's type has its own landing type. */
  readonly shape?: ForeignShape | undefined;
  /** What the value's field of this name would land as, where the record's key takes its place in another type. */
  readonly valueType?: string | undefined;
}

/** What the sink knows of each record, before the writer's own columns. The order is that of the row encoder. */
export const LINEAGE_COLUMNS: readonly LandingColumn[] = [
  { name: '_kafka_topic', type: 'text', nullable: true },
  { name: '_kafka_partition', type: 'integer', nullable: true },
  { name: '_kafka_offset', type: 'bigint', nullable: true },
  { name: '_schema_id', type: 'integer', nullable: true },
];

/** Columns that every raw table has, whether or not the writer sends them. */
export const AIRBYTE_COLUMNS: readonly LandingColumn[] = [
  { name: '_airbyte_extracted_at', type: 'timestamp with time zone', nullable: true },
  { name: '_airbyte_meta', type: 'jsonb', nullable: true },
  { name: '_airbyte_generation_id', type: 'bigint', nullable: true },
];

export const LOADED_AT = '_loaded_at';

const reserved: ReadonlySet<string> = new Set([...LINEAGE_COLUMNS.map(({ name }) => name), LOADED_AT]);

/** PostgreSQL cuts names off there, silently, and two long names can become one. */
const MAX_NAME_BYTES = 63;

/**
 * The columns of a table's rows. It only grows, so that records of an old and a new writer schema lie in one batch; a
 * column that a record's schema lacks is null in its row, because a row is what its last record says, whatever batch the
 * record came in.
 */
export interface Layout {
  readonly columns: readonly LandingColumn[];
  /** Landing types of a name differ when the writer's type changed: then each type has a column of its own. */
  readonly slots: ReadonlyMap<string, number>;
}

export const EMPTY_LAYOUT: Layout = { columns: [], slots: new Map() };

/** A landing column is known by its name and type, so that a widened field gets a second slot and keeps exact bytes. */
function slotKey(name: string, type: string): string {
  return `${name}\u0000${type}`;
}

/** The layout with the columns of `schema` in it, and the slot of each of them. */
export function extendLayout(
  layout: Layout,
  schema: WriterSchema,
  where: string,
): { readonly layout: Layout; readonly slots: readonly number[] } {
  refuseHostileNames(schema.columns, where);
  const columns = [...layout.columns];
  const known = new Map(layout.slots);
  const slots = schema.columns.map((column) => {
    const landing = landingColumn(column);
    const key = slotKey(landing.name, landing.type);
    const slot = known.get(key);
    if (slot !== undefined) {
      const present = columns[slot];
      if (present !== undefined && landing.nullable) columns[slot] = { ...present, nullable: true };
      return slot;
    }
    columns.push(landing);
    known.set(key, columns.length - 1);
    return columns.length - 1;
  });
  const grew = columns.length > layout.columns.length;
  return { layout: grew ? { columns, slots: known } : { columns, slots: layout.slots }, slots };
}

/** The column as its Avro type lands. */
export function landingColumn(column: WriterColumn): LandingColumn {
  const { name, kind, nullable } = column;
  return { name, type: columnType(kind), nullable, shape: kind.kind === 'foreign' ? kind.shape : undefined };
}

function refuseHostileNames(columns: readonly WriterColumn[], where: string): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw Failure.config(
        `${where}: the column ${JSON.stringify(name)} has a name of more than ${MAX_NAME_BYTES} bytes, which PostgreSQL cuts off. Rename the field at the source.`,
      );
    }
    if (reserved.has(name)) {
      throw Failure.config(
        `${where}: the column ${JSON.stringify(name)} has the name of a column of the sink's own. Rename the field at the source.`,
      );
    }
    if (seen.has(name)) {
      throw Failure.config(
        `${where}: two fields have the column name ${JSON.stringify(name)}. Rename one of them at the source.`,
      );
    }
    seen.add(name);
  }
}

/** One target column for each name, of a type that holds all landing types of that name; refuses where there is none. */
export function targetColumns(layout: Layout, where: string): LandingColumn[] {
  const byName = new Map<string, LandingColumn>();
  for (const column of layout.columns) {
    const present = byName.get(column.name);
    if (present === undefined) {
      byName.set(column.name, column);
      continue;
    }
    const type = widestType(present.type, column.type);
    if (type === undefined) {
      throw Failure.config(
        `${where}: the column ${JSON.stringify(column.name)} changed from ${present.type} to ${column.type}, which no type holds both of. Write the new type to a new topic.`,
      );
    }
    byName.set(column.name, {
      name: column.name,
      type,
      nullable: present.nullable || column.nullable,
      shape: type === present.type ? present.shape : column.shape,
      valueType: present.valueType ?? column.valueType,
    });
  }
  return [...byName.values()];
}
