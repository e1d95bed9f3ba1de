import { FRAME_BYTES, type WriterColumn, type WriterSchema } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { RecordCursor } from '@ewallet/kafka';
import { FieldBytes } from '../avro/field-bytes';
import { RowEncoder } from '../avro/row-encoder';
import { GrowingBuffer } from '../bytes/growing-buffer';
import { keyColumns, namedSchema, type KeyRule } from '../tables/key-rule';
import type { TableName } from '../tables/table-name';
import type { TopicDecision } from '../tables/topic-decision';
import {
  AIRBYTE_COLUMNS,
  EMPTY_LAYOUT,
  extendLayout,
  landingColumn,
  LINEAGE_COLUMNS,
  type Layout,
  type LandingColumn,
} from '../tables/layout';

/** Appends what tells the record's row from others; the record's whole key where there is none. */
type Identity = (record: RecordCursor, out: GrowingBuffer) => void;

/** Writes the columns after the lineage of one pair of key and value schema. */
export interface RecordEncoder {
  readonly identity: Identity | undefined;
  /** Fields of the whole row, lineage included. */
  readonly width: number;
  encode(record: RecordCursor, out: GrowingBuffer): void;
}

/** Writes the key of a tombstone. */
export interface KeyEncoder {
  /** The primary key's columns in the types that this encoder writes. */
  readonly key: readonly LandingColumn[];
  readonly identity: Identity | undefined;
  encode(record: RecordCursor, out: GrowingBuffer): void;
}

/**
 * A topic's table as the sink knows it: its name, the columns that rows land in, and an encoder for each writer schema.
 * Columns are remembered for as long as the process lives and only grow.
 */
export class TableTarget {
  private current: Layout;
  private primaryKey: readonly LandingColumn[] = [];
  private readonly forms = new Set<string>();
  private readonly encoders = new Map<string, RecordEncoder>();
  private readonly keyEncoders = new Map<number, KeyEncoder>();
  private readonly scratch = new GrowingBuffer(1024);

  constructor(
    /** What the warehouse has decided of the topic, or is asked to. */
    readonly decision: TopicDecision,
    private readonly rule: KeyRule,
    /** The column whose month a row's partition is; undefined for a table in one piece. */
    readonly partitionBy?: string,
  ) {
    this.current = { columns: [...AIRBYTE_COLUMNS], slots: slotsOf(AIRBYTE_COLUMNS) };
    if (rule.kind === 'coordinates') this.primaryKey = LINEAGE_COLUMNS.slice(0, 3);
  }

  get topic(): string {
    return this.decision.topic;
  }

  get stream(): string {
    return this.decision.stream;
  }

  get name(): TableName {
    return this.decision.name;
  }

  get layout(): Layout {
    return this.current;
  }

  /** Whether a record replaces the one before it with the same key; else every record is a row. */
  get isKeyed(): boolean {
    return this.rule.kind === 'record-key' || this.rule.kind === 'record-value';
  }

  /** Whether nothing but the producer sees to it that the records of one row are in one partition of the topic. */
  get mayShareRows(): boolean {
    return this.rule.kind === 'record-value';
  }

  /** Whether Kafka's key has to be read. */
  get readsKey(): boolean {
    return this.rule.kind === 'record-key';
  }

  /** Whether a record with a key contradicts what was decided of the topic. */
  get refusesKeys(): boolean {
    return this.rule.kind === 'keyless';
  }

  /** The primary key; empty for tables that are appended to, and before the first schema was seen. */
  get key(): readonly LandingColumn[] {
    return this.primaryKey;
  }

  /** How many ways of writing the key were seen: a string and an int of one number differ in Kafka and may be one key to PostgreSQL. */
  get keyForms(): number {
    return this.forms.size;
  }

  /** The encoder for this pair of schemas, if it was prepared. */
  encoder(keySchemaId: number, valueSchemaId: number): RecordEncoder | undefined {
    return this.encoders.get(`${keySchemaId}/${valueSchemaId}`);
  }

  keyEncoder(keySchemaId: number): KeyEncoder | undefined {
    return this.keyEncoders.get(keySchemaId);
  }

  /** Makes the encoder for a pair of schemas; the layout gets the columns that it did not have. */
  prepare(
    keySchemaId: number,
    key: WriterSchema | undefined,
    valueSchemaId: number,
    value: WriterSchema,
  ): RecordEncoder {
    const rule = this.rule;
    const named = rule.kind === 'record-key' && key !== undefined ? namedSchema(key, rule.fields) : undefined;
    const row = named === undefined ? value : this.withKey(named, value);
    if (rule.kind === 'record-key' && key !== undefined) this.prepareKey(keySchemaId, key);
    if (rule.kind === 'record-value') this.learnKey(keyColumns(value, rule.fields, `${this.topic}: the value`));
    const { layout: extended, slots } = extendLayout(this.current, row, this.topic);
    const layout = withValueTypes(extended, row, value, slots);
    // Encoders of a narrower layout are recreated when their schema comes again; rows that they wrote say how wide they are.
    if (layout.columns.length > this.current.columns.length) this.encoders.clear();
    this.current = layout;
    const encode =
      named === undefined
        ? valueEncoder(new RowEncoder(value, slots, layout.columns.length))
        : this.bothEncoder(named, value, row, slots);
    const encoder = {
      width: LINEAGE_COLUMNS.length + layout.columns.length,
      encode,
      identity: this.identity(key, value),
    };
    this.encoders.set(`${keySchemaId}/${valueSchemaId}`, encoder);
    return encoder;
  }

  /** Makes the encoder of tombstones, and learns the primary key. */
  prepareKey(keySchemaId: number, key: WriterSchema): KeyEncoder {
    const fields = this.rule.kind === 'record-key' ? this.rule.fields : [];
    keyColumns(key, fields, this.keyPlace); // a single value without a name of its own is refused here
    const schema = namedSchema(key, fields);
    const chosen = keyColumns(schema, fields, this.keyPlace);
    const learnt = this.learnKey(chosen);
    const encoder = new RowEncoder(
      schema,
      schema.columns.map((column) => chosen.indexOf(column)),
      chosen.length,
    );
    const keyEncoder: KeyEncoder = {
      key: learnt,
      encode: (record, out) => {
        out.int16(chosen.length);
        encoder.encode(record.bytes, record.keyStart + FRAME_BYTES, record.keyEnd, out);
      },
      identity: this.identity(key, undefined),
    };
    this.keyEncoders.set(keySchemaId, keyEncoder);
    return keyEncoder;
  }

  private get keyPlace(): string {
    return `${this.topic}: the key`;
  }

  /** The key's columns in the types of this schema. */
  private learnKey(columns: readonly WriterColumn[]): readonly LandingColumn[] {
    const { layout } = extendLayout(EMPTY_LAYOUT, { stream: this.stream, recordName: '', columns }, this.topic);
    if (this.primaryKey.length > 0 && !sameNames(this.primaryKey, layout.columns)) {
      throw Failure.config(
        `${this.topic}: the key changed from (${names(this.primaryKey)}) to (${names(layout.columns)}). Write the new key to a new topic.`,
      );
    }
    if (this.primaryKey.length === 0) this.primaryKey = layout.columns;
    this.forms.add(formOf(columns));
    return layout.columns;
  }

  /**
   * The row's columns: those of the key, then those of the value that the key lacks. Where both have a name the record's
   * key is the key: tombstones have nothing else to delete by.
   */
  private withKey(key: WriterSchema, value: WriterSchema): WriterSchema {
    const fields = this.rule.kind === 'record-key' ? this.rule.fields : [];
    const columns = keyColumns(key, fields, this.keyPlace);
    const names = new Set(columns.map(({ name }) => name));
    return { ...value, columns: [...columns, ...value.columns.filter(({ name }) => !names.has(name))] };
  }

  /** Avro records have no frame of their own: the key's bytes and the value's, joined, are a record with the fields of both. */
  private bothEncoder(
    key: WriterSchema,
    value: WriterSchema,
    row: WriterSchema,
    slots: readonly number[],
  ): RecordEncoder['encode'] {
    const both = [...key.columns, ...value.columns];
    const slotOf = new Map(row.columns.map((column, index) => [column, slots[index] ?? -1]));
    const encoder = new RowEncoder(
      { ...value, columns: both },
      both.map((column) => slotOf.get(column) ?? -1),
      this.current.columns.length,
    );
    const { scratch } = this;
    return (record, out) => {
      scratch.length = 0;
      scratch.copy(record.bytes, record.keyStart + FRAME_BYTES, record.keyEnd);
      scratch.copy(record.bytes, record.valueStart + FRAME_BYTES, record.valueEnd);
      encoder.encode(scratch.bytes, 0, scratch.length, out);
    };
  }

  private identity(key: WriterSchema | undefined, value: WriterSchema | undefined): Identity | undefined {
    const { rule } = this;
    if (rule.kind === 'record-value' && value !== undefined) {
      const bytes = new FieldBytes(value, keyColumns(value, rule.fields, `${this.topic}: the value`));
      return (record, out) => {
        bytes.append(record.bytes, record.valueStart + FRAME_BYTES, record.valueEnd, out);
      };
    }
    if (rule.kind !== 'record-key' || key === undefined || rule.fields.length === 0) return undefined;
    const bytes = new FieldBytes(key, keyColumns(key, rule.fields, this.keyPlace));
    return (record, out) => {
      bytes.append(record.bytes, record.keyStart + FRAME_BYTES, record.keyEnd, out);
    };
  }
}

function valueEncoder(encoder: RowEncoder): RecordEncoder['encode'] {
  return (record, out) => {
    encoder.encode(record.bytes, record.valueStart + FRAME_BYTES, record.valueEnd, out);
  };
}

function slotsOf(columns: readonly LandingColumn[]): ReadonlyMap<string, number> {
  return new Map(columns.map(({ name, type }, index) => [`${name}\u0000${type}`, index]));
}

/** Keeps with the key's columns what the value says of them, where that is something else. */
function withValueTypes(layout: Layout, row: WriterSchema, value: WriterSchema, slots: readonly number[]): Layout {
  const columns = [...layout.columns];
  for (const [index, { name }] of row.columns.entries()) {
    const slot = slots[index] ?? -1;
    const column = columns[slot];
    const inValue = value.columns.find((candidate) => candidate.name === name);
    if (column === undefined || inValue === undefined) continue;
    const { type } = landingColumn(inValue);
    if (type !== column.type) columns[slot] = { ...column, valueType: type };
  }
  return { ...layout, columns };
}

/** An int and a long of one value have the same bytes. */
function formOf(columns: readonly WriterColumn[]): string {
  return JSON.stringify(
    columns.map(({ kind, nullBranch }) => [kind.kind === 'int32' ? { kind: 'int64' } : kind, nullBranch ?? null]),
  );
}

function sameNames(a: readonly LandingColumn[], b: readonly LandingColumn[]): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]?.name);
}

function names(columns: readonly LandingColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}
