import type { WriterSchema } from '@ewallet/avro';
import { AvroBytes } from './avro-bytes';
import { fieldOf, skipField } from './row-encoder';

/** When a record began its way, in milliseconds since the epoch. */
export interface RecordOrigin {
  /** `commit`: its transaction committed in the e-wallet (change data capture). `read`: the source read its row. */
  readonly since: 'commit' | 'read';
  readonly at: number;
}

/** The field that says so, the best first. */
const FIELDS = [
  { name: '_ab_cdc_updated_at', since: 'commit' },
  { name: '_airbyte_extracted_at', since: 'read' },
] as const;

/** Reads the origin out of a record's Avro bytes: one field, the ones before it skipped. */
export class OriginReader {
  private readonly reader = new AvroBytes();
  private readonly field: { readonly index: number; readonly since: RecordOrigin['since'] } | undefined;
  private readonly fields: readonly ReturnType<typeof fieldOf>[];

  constructor({ columns }: WriterSchema) {
    this.field = FIELDS.flatMap(({ name, since }) => {
      const index = columns.findIndex((column) => column.name === name && column.kind.kind === 'timestamptz');
      return index < 0 ? [] : [{ index, since }];
    })[0];
    this.fields = columns.slice(0, (this.field?.index ?? -1) + 1).map((column) => fieldOf(column, -1));
  }

  /** @returns undefined where the record does not say. @throws RangeError where the bytes are no record of this schema */
  read(bytes: Buffer, start: number, end: number): RecordOrigin | undefined {
    const { reader, field } = this;
    const last = this.fields.at(-1);
    if (field === undefined || last === undefined) return undefined;
    reader.open(bytes, start, end);
    for (const before of this.fields.slice(0, -1)) skipField(before, reader);
    if (last.nullBranch !== undefined && reader.branch() === last.nullBranch) return undefined;
    reader.varint();
    return { since: field.since, at: (reader.high * 2 ** 32 + (reader.low >>> 0)) / 1_000 };
  }
}
