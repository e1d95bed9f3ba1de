import { exactAvroType, METADATA_FIELDS, metaWithDeeperArrays, type StreamMapping } from '@ewallet/avro';
import { isUtf8 } from 'node:buffer';
import { convert } from './convert';
import { lastMember, rawMembers, type RawMember } from './json-members';

type AvroType = ReturnType<typeof exactAvroType>;

/** The field by which every source of change data capture says when a row was deleted. */
export const DELETED_AT = '_ab_cdc_deleted_at';

/** Airbyte's `meta.changes` entry, as raw JSON. */
function change(field: string, kind: 'NULLED' | 'TRUNCATED'): string {
  const reason = kind === 'NULLED' ? 'DESTINATION_TYPECAST_ERROR' : 'DESTINATION_FIELD_SIZE_LIMITATION';
  return JSON.stringify({ field, change: kind, reason });
}

export interface EncodedRecord {
  readonly kind: 'encoded';
  /** Undefined where the stream has no primary key. */
  readonly key: Buffer | undefined;
  /** Avro bytes of the data fields; those of the metadata fields follow them. */
  readonly data: Buffer;
  readonly metadata: Buffer;
  /** What the record's id is of: the data, with the values that the metadata carries for it. */
  readonly identity: Buffer;
  /** Names of columns whose value did not fit. */
  readonly nulled: readonly string[];
  /** Whether it is of a row's deletion. */
  readonly isDeletion: boolean;
}

/** The record cannot be written as it is; the reason names columns, never values. */
export interface UnfitRecord {
  readonly kind: 'unfit';
  readonly reason: string;
}

export interface EncodeOptions {
  readonly syncId: number | undefined;
  readonly generationId: bigint;
  /** `null`: a value that does not fit becomes null and is noted; otherwise the whole record is unfit. */
  readonly unfitValues: 'null' | 'unfit_record';
}

/** `{"sync_id":1` … : what `_airbyte_meta` starts with; ends with the changes and whatever has no column. */
export function metaText(syncId: number | undefined, changes: string, additional: string): string {
  const sync = syncId === undefined ? '' : `"sync_id":${syncId},`;
  return `{${sync}"changes":[${changes}]${additional === '' ? '' : `,"additional_properties":{${additional}}`}}`;
}

/**
 * Encodes any valid RECORD line of one stream, through JSON.parse, raw member texts and avsc: the reference that the
 * byte-level transcoder is measured against, and the way out for whatever that one does not take.
 */
export class RecordEncoder {
  private readonly keyType: AvroType | undefined;
  private readonly dataType: AvroType;
  private readonly metadataType: AvroType;
  private readonly columns: ReadonlySet<string>;

  constructor(
    private readonly mapping: StreamMapping,
    private readonly options: EncodeOptions,
  ) {
    const { valueSchema, keySchema, columns } = mapping;
    const dataFields = valueSchema.fields.length - METADATA_FIELDS.length;
    // A record's bytes are its fields' bytes one after another, so two records side by side are the whole.
    this.dataType = exactAvroType({ ...valueSchema, fields: valueSchema.fields.slice(0, dataFields) });
    this.metadataType = exactAvroType({ ...valueSchema, fields: valueSchema.fields.slice(dataFields) });
    this.keyType = keySchema === undefined ? undefined : exactAvroType(keySchema);
    this.columns = new Set(columns.map(({ name }) => name));
  }

  /**
   * @param line a RECORD message of this stream, valid JSON
   * @param text the line decoded
   */
  encode(line: Buffer, text: string): EncodedRecord | UnfitRecord {
    if (!isUtf8(line)) return { kind: 'unfit', reason: 'The line is not valid UTF-8.' };
    const record = memberOf(text, rawMembers(text, text.indexOf('{')), 'record');
    if (record === undefined || text[record.start] !== '{')
      return { kind: 'unfit', reason: 'It has no "record" object.' };
    const members = rawMembers(text, record.start);
    const data = lastMember(members, 'data');
    if (data === undefined || text[data.start] !== '{') return { kind: 'unfit', reason: 'It has no "data" object.' };
    const emittedAt = Number(rawOf(text, lastMember(members, 'emitted_at')) ?? '0');
    if (!Number.isSafeInteger(emittedAt * 1000)) return { kind: 'unfit', reason: 'Its "emitted_at" is no timestamp.' };
    const values = new Map<string, string>();
    for (const { key, start, end } of rawMembers(text, data.start)) values.set(key, text.slice(start, end));
    return this.encodeValues(values, emittedAt, changesOf(text, lastMember(members, 'meta')));
  }

  private encodeValues(
    values: ReadonlyMap<string, string>,
    emittedAt: number,
    sourceChanges: string,
  ): EncodedRecord | UnfitRecord {
    const avro: Record<string, unknown> = {};
    const nulled: string[] = [];
    const deeper = new Map<string, string>();
    const changes = sourceChanges === '' ? [] : [sourceChanges];
    for (const { name, field, kind } of this.mapping.columns) {
      const converted = convert(kind, values.get(name) ?? 'null');
      if (converted.kind === 'misfit') {
        nulled.push(name);
        avro[field] = null;
        changes.push(change(name, 'NULLED'));
        continue;
      }
      if (converted.kind === 'deeper') {
        deeper.set(name, converted.json);
        avro[field] = null;
        continue;
      }
      avro[field] = converted.value;
      if (converted.kind === 'truncated') changes.push(change(name, 'TRUNCATED'));
    }
    const { unfitValues, syncId, generationId } = this.options;
    if (nulled.length > 0 && unfitValues === 'unfit_record') {
      return { kind: 'unfit', reason: `A value does not fit its column: ${nulled.join(', ')}.` };
    }
    const key = this.encodeKey(values);
    if (key !== undefined && 'kind' in key) return key;
    const additional = [...values]
      .filter(([name]) => !this.columns.has(name))
      .map(([name, raw]) => `${JSON.stringify(name)}:${raw}`)
      .join(',');
    const metadata = this.metadataType.toBuffer({
      _airbyte_extracted_at: emittedAt * 1000,
      _airbyte_meta: metaWithDeeperArrays(deeper, (entries) =>
        metaText(syncId, [...changes, ...entries].join(','), additional),
      ),
      _airbyte_generation_id: generationId,
    });
    const isDeletion = (values.get(DELETED_AT) ?? 'null') !== 'null';
    const data = this.dataType.toBuffer(avro);
    const identity = deeper.size === 0 ? data : Buffer.concat([data, Buffer.from(JSON.stringify([...deeper]))]);
    return { kind: 'encoded', key, data, metadata, identity, nulled, isDeletion };
  }

  private encodeKey(values: ReadonlyMap<string, string>): Buffer | UnfitRecord | undefined {
    if (this.keyType === undefined) return undefined;
    const key: Record<string, unknown> = {};
    for (const { name, field, kind } of this.mapping.keyColumns) {
      const raw = values.get(name) ?? 'null';
      const converted = convert(kind, raw);
      if (raw === 'null') return { kind: 'unfit', reason: `Its primary key is null: ${name}.` };
      if (converted.kind !== 'fits') return { kind: 'unfit', reason: `Its primary key does not fit: ${name}.` };
      key[field] = converted.value;
    }
    return this.keyType.toBuffer(key);
  }
}

function memberOf(text: string, members: readonly RawMember[], key: string): RawMember | undefined {
  const member = lastMember(members, key);
  return member === undefined || text.startsWith('null', member.start) ? undefined : member;
}

function rawOf(text: string, member: RawMember | undefined): string | undefined {
  return member === undefined ? undefined : text.slice(member.start, member.end);
}

/** The inside of the source's own `meta.changes` list. */
function changesOf(text: string, meta: RawMember | undefined): string {
  if (meta === undefined || text[meta.start] !== '{') return '';
  const changes = lastMember(rawMembers(text, meta.start), 'changes');
  if (changes === undefined || text[changes.start] !== '[') return '';
  return text.slice(changes.start + 1, changes.end - 1).trim();
}
