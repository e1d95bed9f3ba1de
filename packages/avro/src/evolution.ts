import type { AvroSchema } from './avro-schema';
import type { ColumnKind } from './column-kind';
import { describeWriterSchema, type WriterColumn } from './writer-schema';

export interface IncompatibleColumn {
  readonly column: string;
  readonly reason: string;
}

function describe(kind: ColumnKind): string {
  switch (kind.kind) {
    case 'decimal':
      return `decimal(${kind.precision},${kind.scale})`;
    case 'array':
      return `array of ${describe(kind.items)}`;
    default:
      return kind.kind;
  }
}

/** Avro's own promotions, and string ↔ bytes; the registry judges these, we do not repeat it. */
function avroBase(type: AvroSchema): string {
  return JSON.stringify(typeof type === 'object' && !Array.isArray(type) ? (type as { type: unknown }).type : type);
}

function incompatibility(before: WriterColumn, after: WriterColumn): string | undefined {
  if (before.name !== after.name) {
    return `its field ${after.field} held column "${before.name}" so far; the two names differ only in what Avro's alphabet lacks`;
  }
  if (avroBase(before.avroType) !== avroBase(after.avroType)) return undefined;
  const [old, now] = [before.kind, after.kind];
  if (old.kind === 'array' && now.kind === 'array') {
    return incompatibility({ ...before, kind: old.items }, { ...after, kind: now.items });
  }
  if (old.kind === 'decimal' && now.kind === 'decimal') {
    if (old.scale === now.scale && now.precision >= old.precision) return undefined;
    return `${describe(old)} became ${describe(now)}: a reader that holds one schema would shift the decimal point of the other's amounts`;
  }
  return old.kind === now.kind
    ? undefined
    : `${describe(old)} became ${describe(now)}, which Avro writes with the same bytes`;
}

/**
 * Changes that a registry's BACKWARD check lets pass although they change what bytes mean, because Avro resolution
 * ignores logical types: another decimal scale, timestamp with and without zone, text that turns into JSON. A reader
 * that holds the newer schema would read the older bytes wrongly, money by powers of ten, so they are refused. So is a
 * field that changes the column it stands for (`a-b` was there, `a_b` joins it and takes the name).
 *
 * @param before the subject's newest schema
 * @param after the schema to register
 */
export function incompatibleColumns(before: unknown, after: unknown): readonly IncompatibleColumn[] {
  const known = new Map(describeWriterSchema(before).columns.map((column) => [column.field, column]));
  return describeWriterSchema(after).columns.flatMap((column) => {
    const old = known.get(column.field);
    const reason = old === undefined ? undefined : incompatibility(old, column);
    return reason === undefined ? [] : [{ column: column.name, reason }];
  });
}
