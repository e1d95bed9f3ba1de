import { recordEncoder, type EncodedColumn, type RecordEncoder } from '../copy/record-encoder';
import type { ChangeMembers, Operation } from './capture-fields';
import { CopyRow, type ValueForm } from './copy-row';
import { emptyTuple, Field, Part, readTuple, type Relation, type Tuple } from './pgoutput';

/** Values of a row that were asked for, as the stream did not have them; undefined where the row is gone. */
export type FoundValues = ReadonlyMap<string, string | null> | undefined;

/** Asks for what the stream left out: `key` is the row's key, in the order of the stream's key columns. */
export type FindValues = (key: readonly string[]) => { readonly found: FoundValues } | undefined;

/** What became of an update. */
export type Encoded =
  | { readonly kind: 'records'; readonly count: number }
  /** Unchanged values have to be asked for first: nothing was written. */
  | { readonly kind: 'unchanged'; readonly key: readonly string[] };

const one: Encoded = { kind: 'records', count: 1 };
const two: Encoded = { kind: 'records', count: 2 };

/** What lies behind the tag and the relation's oid. */
const PART = 5;

/** Scratch that all encoders of a stream of changes share: only one row is in work at a time. */
export interface Scratch {
  readonly old: Tuple;
  readonly new: Tuple;
  readonly row: CopyRow;
}

export function newScratch(): Scratch {
  return { old: emptyTuple(), new: emptyTuple(), row: new CopyRow() };
}

interface RowEncoding {
  /** Those of the relation that the stream has, in the relation's order. */
  readonly columns: readonly EncodedColumn[];
  /** Names of the columns that name a row in the destination; none for a stream without a key. */
  readonly key: readonly string[];
  readonly members: ChangeMembers;
  readonly scratch: Scratch;
}

/** Turns a relation's changes into RECORD lines of its stream. Replaced when the relation's columns change. */
export class ChangeEncoder {
  readonly columns: readonly EncodedColumn[];
  private readonly members: ChangeMembers;
  private readonly scratch: Scratch;
  /** Places in the relation's tuples of the columns that the stream has. */
  private readonly places: readonly number[];
  private readonly forms: readonly ValueForm[];
  private readonly keyPlaces: readonly number[];
  private readonly encoder: RecordEncoder;
  private readonly full: Uint8Array[] = [];
  private hasLines = false;
  /** By column, what was found of values that the stream left out. */
  private substitutes: FoundValues | 'none' = 'none';

  constructor(
    relation: Relation,
    stream: { readonly name: string; readonly namespace: string },
    { columns, key, members, scratch }: RowEncoding,
  ) {
    this.columns = columns;
    this.members = members;
    this.scratch = scratch;
    const placeOf = (name: string): number => relation.columns.findIndex((column) => column.name === name);
    this.places = columns.map(({ name }) => placeOf(name));
    this.forms = columns.map(({ type: { kind } }) => (kind === 'bytea' || kind === 'char' ? kind : 'as it is'));
    const known = key.filter((name) => placeOf(name) !== -1);
    this.keyPlaces = known.map(placeOf);
    this.encoder = recordEncoder(stream, columns);
  }

  /** @returns records written */
  insert(bytes: Buffer, start: number, place: string, now: number): number {
    readTuple(bytes, start + PART + 1, this.scratch.new);
    this.write(this.scratch.new, 'insert', place, now);
    return 1;
  }

  /** @returns records written */
  delete(bytes: Buffer, start: number, place: string, now: number): number {
    readTuple(bytes, start + PART + 1, this.scratch.old);
    this.write(this.scratch.old, 'delete', place, now);
    return 1;
  }

  /** A change of the key is a deletion under the old one and an insertion under the new one. */
  update(
    bytes: Buffer,
    start: number,
    place: string,
    { now, find }: { readonly now: number; readonly find: FindValues },
  ): Encoded {
    const before = this.scratch.old;
    const after = this.read(bytes, start);
    const hasOld = bytes[start + PART] !== Part.new;
    if (this.lacksValues(after)) {
      const key = this.keyOf(after);
      const values = find(key);
      if (values === undefined) return { kind: 'unchanged', key };
      this.substitutes = values.found;
    }
    const isMoved = hasOld && !this.hasSameKey(before, after);
    if (isMoved) this.write(before, 'delete', place, now);
    this.write(after, isMoved ? 'insert' : 'update', place, now);
    this.substitutes = 'none';
    return isMoved ? two : one;
  }

  /** The key of an update that left values out which are not in its old row; undefined for any other. */
  unchangedKey(bytes: Buffer, start: number): readonly string[] | undefined {
    const after = this.read(bytes, start);
    return this.lacksValues(after) ? this.keyOf(after) : undefined;
  }

  /** Reads an update into the scratch, the new row completed from the old one. */
  private read(bytes: Buffer, start: number): Tuple {
    const { old: before, new: after } = this.scratch;
    const part = bytes[start + PART];
    const hasOld = part === Part.key || part === Part.old;
    const at = hasOld ? readTuple(bytes, start + PART + 1, before) : start + PART;
    readTuple(bytes, at + 1, after);
    if (hasOld) takeUnchanged(before, after);
    return after;
  }

  /** Chunks of lines that are full. */
  takeFull(): readonly Uint8Array[] {
    return this.full.splice(0);
  }

  /** Every line that is here. */
  flush(): readonly Uint8Array[] {
    if (!this.hasLines) return this.takeFull();
    this.hasLines = false;
    const last = this.encoder.flush();
    return last === undefined ? this.takeFull() : [...this.takeFull(), last];
  }

  private write(tuple: Tuple, operation: Operation, place: string, now: number): void {
    const { row } = this.scratch;
    const { substitutes, places, forms } = this;
    row.begin(roomOf(tuple) + substituteRoom(substitutes));
    for (let column = 0; column < places.length; column += 1) {
      const index = places[column] ?? 0;
      const kind = tuple.kinds[index];
      if (kind === Field.text) {
        row.value(tuple.bytes, tuple.starts[index] ?? 0, tuple.ends[index] ?? 0, forms[column] ?? 'as it is');
      } else if (kind === Field.unchanged) {
        this.substitute(column);
      } else {
        row.null();
      }
    }
    row.end();
    this.encoder.more = this.members.of(operation, place);
    const full = this.encoder.encode(row.bytes, 0, row.length, now);
    if (full !== undefined) this.full.push(full);
    this.hasLines = true;
  }

  /** A value that was asked for; null with a note where its row is gone: the deletion follows. */
  private substitute(column: number): void {
    const { row } = this.scratch;
    const { substitutes } = this;
    const name = this.columns[column]?.name ?? '';
    const value = substitutes === 'none' ? undefined : substitutes?.get(name);
    if (value === undefined) {
      this.encoder.noteNulled(column, 'SOURCE_RETRIEVAL_ERROR');
      row.null();
    } else if (value === null) {
      row.null();
    } else {
      const bytes = Buffer.from(value);
      row.value(bytes, 0, bytes.length, this.forms[column] ?? 'as it is');
    }
  }

  private lacksValues(tuple: Tuple): boolean {
    for (const place of this.places) if (tuple.kinds[place] === Field.unchanged) return true;
    return false;
  }

  private keyOf(tuple: Tuple): readonly string[] {
    return this.keyPlaces.map((index) => tuple.bytes.toString('utf8', tuple.starts[index], tuple.ends[index]));
  }

  private hasSameKey(before: Tuple, after: Tuple): boolean {
    return this.keyPlaces.every((index) => {
      const length = (before.ends[index] ?? 0) - (before.starts[index] ?? 0);
      if (before.kinds[index] !== after.kinds[index]) return false;
      if (before.kinds[index] !== Field.text) return true;
      return (
        length === (after.ends[index] ?? 0) - (after.starts[index] ?? 0) &&
        before.bytes.compare(
          after.bytes,
          after.starts[index],
          after.ends[index],
          before.starts[index],
          before.ends[index],
        ) === 0
      );
    });
  }
}

/** What the new row leaves out and the old one has: all of it under REPLICA IDENTITY FULL, keys otherwise. */
function takeUnchanged(before: Tuple, after: Tuple): void {
  for (let index = 0; index < after.count; index += 1) {
    if (after.kinds[index] !== Field.unchanged || before.kinds[index] !== Field.text) continue;
    // Both tuples lie in one message.
    after.kinds[index] = Field.text;
    after.starts[index] = before.starts[index] ?? 0;
    after.ends[index] = before.ends[index] ?? 0;
  }
}

/** At least the bytes of a tuple's values. */
function roomOf(tuple: Tuple): number {
  let room = 0;
  for (let index = 0; index < tuple.count; index += 1) {
    if (tuple.kinds[index] === Field.text) room += (tuple.ends[index] ?? 0) - (tuple.starts[index] ?? 0);
  }
  return room;
}

function substituteRoom(values: FoundValues | 'none'): number {
  if (values === 'none' || values === undefined) return 0;
  let room = 0;
  for (const value of values.values()) room += value === null ? 0 : Buffer.byteLength(value);
  return room;
}
