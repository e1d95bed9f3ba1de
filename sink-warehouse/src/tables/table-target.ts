import { FRAME_BYTES, type WriterColumn, type WriterSchema } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { RecordCursor } from '@ewallet/kafka';
import { FieldBytes } from '../avro/field-bytes';
import { RowEncoder } from '../avro/row-encoder';
import { GrowingBuffer } from '../load/growing-buffer';
import { keyColumns, namedSchema, type KeyRule } from './key-rule';
import type { TableName } from './table-name';
import type { TopicDecision } from './topic-decision';
import {
  AIRBYTE_COLUMNS,
  EMPTY_LAYOUT,
  extendLayout,
  LINEAGE_COLUMNS,
  type Layout,
  type LandingColumn,
} from './layout';

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
    const row =
      rule.kind === 'record-key' && key !== undefined ? this.withKey(namedSchema(key, rule.fields), value) : value;
    if (rule.kind === 'record-key' && key !== undefined) this.prepareKey(keySchemaId, key);
    if (rule.kind === 'record-value') this.learnKey(keyColumns(value, rule.fields, `${this.topic}: the value`));
    const { layout, slots } = extendLayout(this.current, row, this.topic);
    // Encoders of a narrower layout are made anew when their schema comes again; rows that they wrote say how wide they are.
    if (layout.columns.length > this.current.columns.length) this.encoders.clear();
    this.current = layout;
    const keyOnly = row.columns.length - value.columns.length;
    const encode =
      key === undefined || keyOnly === 0
        ? valueEncoder(new RowEncoder(value, slots, layout.columns.length))
        : this.bothEncoder(key, value, row, slots);
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
    this.learnKey(chosen);
    const encoder = new RowEncoder(
      schema,
      schema.columns.map((column) => chosen.indexOf(column)),
      chosen.length,
    );
    const keyEncoder: KeyEncoder = {
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

  private learnKey(columns: readonly WriterColumn[]): void {
    const { layout } = extendLayout(EMPTY_LAYOUT, { stream: this.stream, recordName: '', columns }, this.topic);
    if (this.primaryKey.length > 0 && !sameNames(this.primaryKey, layout.columns)) {
      throw Failure.config(
        `${this.topic}: the key changed from (${names(this.primaryKey)}) to (${names(layout.columns)}). Write the new key to a new topic.`,
      );
    }
    if (this.primaryKey.length === 0) this.primaryKey = layout.columns;
  }

  /** The row's columns: those of the value, and before them those that only the key has. */
  private withKey(key: WriterSchema, value: WriterSchema): WriterSchema {
    const fields = this.rule.kind === 'record-key' ? this.rule.fields : [];
    const present = new Set(value.columns.map(({ name }) => name));
    const keyOnly = keyColumns(key, fields, this.keyPlace).filter(({ name }) => !present.has(name));
    return keyOnly.length === 0 ? value : { ...value, columns: [...keyOnly, ...value.columns] };
  }

  /** Avro records have no frame of their own: the key's bytes and the value's, joined, are a record with the fields of both. */
  private bothEncoder(
    key: WriterSchema,
    value: WriterSchema,
    row: WriterSchema,
    slots: readonly number[],
  ): RecordEncoder['encode'] {
    const fields = this.rule.kind === 'record-key' ? this.rule.fields : [];
    const named = namedSchema(key, fields);
    const keyOnly = row.columns.length - value.columns.length;
    const slotOfKey = (name: string): number => {
      const place = row.columns.slice(0, keyOnly).findIndex((column) => column.name === name);
      return place < 0 ? -1 : (slots[place] ?? -1);
    };
    const both = new RowEncoder(
      { ...value, columns: [...named.columns, ...value.columns] },
      [...named.columns.map(({ name }) => slotOfKey(name)), ...slots.slice(keyOnly)],
      this.current.columns.length,
    );
    const { scratch } = this;
    return (record, out) => {
      scratch.length = 0;
      scratch.copy(record.bytes, record.keyStart + FRAME_BYTES, record.keyEnd);
      scratch.copy(record.bytes, record.valueStart + FRAME_BYTES, record.valueEnd);
      both.encode(scratch.bytes, 0, scratch.length, out);
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

function sameNames(a: readonly LandingColumn[], b: readonly LandingColumn[]): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]?.name);
}

function names(columns: readonly LandingColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}
