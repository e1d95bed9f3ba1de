import { type AvroSchema } from './avro-schema';
import type { ColumnKind } from './column-kind';
import { describeWriterSchema, type WriterColumn } from './writer-schema';

export interface IncompatibleColumn {
  readonly column: string;
  readonly reason: string;
}

/** What of a record the schema describes: a key names a row, so that its bytes may not change for the same row. */
export type RecordPart = 'key' | 'value';

function describe(kind: ColumnKind, type: AvroSchema): string {
  switch (kind.kind) {
    case 'decimal':
      return `decimal(${kind.precision},${kind.scale})`;
    case 'array':
      return `array of ${describe(kind.items, type)}`;
    case 'foreign':
      return `the Avro type ${JSON.stringify(type).slice(0, 100)}`;
    default:
      return kind.kind;
  }
}

/** The Avro type below a logical one: what a reader's promotions go by. */
function avroBase(type: AvroSchema): string {
  return JSON.stringify(typeof type === 'object' && !Array.isArray(type) ? (type as { type: unknown }).type : type);
}

const NUMBERS: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double']);

/** Every number of the first kind is the same number in the second, also once Avro has promoted it. */
const WIDER: ReadonlySet<string> = new Set(['int32 int64', 'int32 double', 'float double']);
/** The same, and the bytes stay as they are. */
const WIDER_IN_THE_SAME_BYTES: ReadonlySet<string> = new Set(['int32 int64']);

function changeOfKind(old: ColumnKind, now: ColumnKind, part: RecordPart): string | undefined {
  if (old.kind === 'array' && now.kind === 'array') return changeOfKind(old.items, now.items, part);
  if (old.kind === 'decimal' && now.kind === 'decimal') {
    if (old.scale !== now.scale) {
      return "a reader that holds one schema would shift the decimal point of the other's amounts";
    }
    return now.precision < old.precision ? 'the longer numbers that are there would not be expected' : undefined;
  }
  if (old.kind === now.kind) return undefined;
  const pair = `${old.kind} ${now.kind}`;
  if (!NUMBERS.has(old.kind) || !NUMBERS.has(now.kind)) {
    return "a reader that holds one schema would read the other's values as something else, or not at all";
  }
  if (!WIDER.has(pair)) return 'a reader of the new schema would round the numbers that are there, or not read them';
  if (part === 'key' && !WIDER_IN_THE_SAME_BYTES.has(pair)) return 'the same row would have another key';
  return undefined;
}

function changeOfColumn(before: WriterColumn, after: WriterColumn, part: RecordPart): string | undefined {
  if (before.name !== after.name) {
    return `its field ${after.field} held column "${before.name}" so far; the two names differ only in what Avro's alphabet lacks`;
  }
  if (before.nullable && !after.nullable) return 'it may be null in what is there, and no longer';
  const [old, now] = [describe(before.kind, before.avroType), describe(after.kind, after.avroType)];
  if (before.kind.kind === 'foreign' || after.kind.kind === 'foreign') {
    return JSON.stringify(before.avroType) === JSON.stringify(after.avroType) ? undefined : `${old} became ${now}`;
  }
  const reason = changeOfKind(before.kind, after.kind, part);
  if (reason === undefined) return undefined;
  const sameBytes = old !== now && avroBase(before.avroType) === avroBase(after.avroType);
  const explained =
    sameBytes && before.kind.kind !== after.kind.kind ? 'which Avro writes with the same bytes' : reason;
  return `${old} became ${now}${explained === reason ? ': ' : ', '}${explained}`;
}

/** Columns of a key that came, went or moved: rows would fall together, or have two keys. */
function changesOfKey(before: readonly WriterColumn[], after: readonly WriterColumn[]): readonly IncompatibleColumn[] {
  const [old, now] = [before.map(({ field }) => field), after.map(({ field }) => field)];
  const came = after.filter(({ field }) => !old.includes(field));
  const went = before.filter(({ field }) => !now.includes(field));
  const moved = came.length + went.length > 0 ? [] : after.filter(({ field }, index) => old[index] !== field);
  return [
    ...came.map(({ name }) => ({
      column: name,
      reason: 'it joined the primary key, and the keys that are there lack it',
    })),
    ...went.map(({ name }) => ({
      column: name,
      reason: 'it left the primary key, so rows that it told apart would be one',
    })),
    ...moved.map(({ name }) => ({
      column: name,
      reason: 'it moved inside the primary key, so the same row would have another key and lie in another partition',
    })),
  ];
}

/**
 * What a change of schema would do to readers that resolve one schema with the other: a column is named unless a reader
 * with the newer schema reads the right value from older records, and a reader with the older one reads the right value from
 * newer records or refuses them. A registry's own check passes much of this, because Avro resolution ignores logical types
 * and promotes numbers: a date read as microseconds, 12.34 as 0.1234 or as two odd characters, text as JSON. So the rule
 * goes by what a column means, which our schemas keep: see docs/adr/0016-meaning-decides-compatibility.md.
 *
 * @param before any version of the subject, ours or another producer's
 * @param after the schema to register
 */
export function incompatibleColumns(
  before: unknown,
  after: unknown,
  part: RecordPart = 'value',
): readonly IncompatibleColumn[] {
  const [old, now] = [describeWriterSchema(before).columns, describeWriterSchema(after).columns];
  const known = new Map(old.map((column) => [column.field, column]));
  const changed = now.flatMap((column) => {
    const earlier = known.get(column.field);
    const reason = earlier === undefined ? undefined : changeOfColumn(earlier, column, part);
    return reason === undefined ? [] : [{ column: column.name, reason }];
  });
  return part === 'key' ? [...changesOfKey(old, now), ...changed] : changed;
}
