import type { CaptureFields } from '../config/capture-config';
import type { PropertySchema } from '../tables/json-schema';
import { commitTime } from './pgoutput';

export const LSN_FIELD = '_ab_cdc_lsn';

const lsn: PropertySchema = { type: ['null', 'integer'], airbyte_type: 'integer' };
const time: PropertySchema = { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' };

/** Properties of the JSON schema, in the order of the records' members. */
export function captureProperties(fields: CaptureFields): Readonly<Record<string, PropertySchema>> {
  const airbyte = { [LSN_FIELD]: lsn, _ab_cdc_updated_at: time, _ab_cdc_deleted_at: time };
  if (fields === 'airbyte') return airbyte;
  return {
    ...airbyte,
    _ab_cdc_commit_lsn: lsn,
    _ab_cdc_xid: { type: ['null', 'integer'], airbyte_type: 'integer' },
    _ab_cdc_ordinal: { type: ['null', 'integer'], airbyte_type: 'integer' },
    _ab_cdc_op: { type: ['null', 'string'] },
  };
}

/** Members of a record that was copied, not streamed: as JSON, with a comma before each. */
export function copiedMembers(fields: CaptureFields, place: bigint, at: string): Uint8Array {
  const all = ',"_ab_cdc_commit_lsn":null,"_ab_cdc_xid":null,"_ab_cdc_ordinal":null,"_ab_cdc_op":"copy"';
  return Buffer.from(
    `,"_ab_cdc_lsn":${place},"_ab_cdc_updated_at":${JSON.stringify(at)},"_ab_cdc_deleted_at":null${fields === 'all' ? all : ''}`,
  );
}

/** Members of a record that says only that its row is gone, as a look at the table found it. */
export function absentMembers(fields: CaptureFields, place: bigint, at: string): Uint8Array {
  const all = ',"_ab_cdc_commit_lsn":null,"_ab_cdc_xid":null,"_ab_cdc_ordinal":null,"_ab_cdc_op":"delete"';
  const time = JSON.stringify(at);
  return Buffer.from(
    `,"_ab_cdc_lsn":${place},"_ab_cdc_updated_at":${time},"_ab_cdc_deleted_at":${time}${fields === 'all' ? all : ''}`,
  );
}

export type Operation = 'insert' | 'update' | 'delete';

/** Members of a streamed record. What is the same for a whole transaction is put together once for it. */
export class ChangeMembers {
  private live = '';
  private deleted = '';
  private behind = '';
  private ordinal = 0;
  private readonly scratch = Buffer.alloc(512);

  constructor(private readonly fields: CaptureFields) {}

  begin(transaction: { readonly commit: bigint; readonly time: bigint; readonly xid: number }): void {
    const at = `"${commitTime(transaction.time)}"`;
    this.live = `,"_ab_cdc_updated_at":${at},"_ab_cdc_deleted_at":null`;
    this.deleted = `,"_ab_cdc_updated_at":${at},"_ab_cdc_deleted_at":${at}`;
    this.behind = `,"_ab_cdc_commit_lsn":${transaction.commit},"_ab_cdc_xid":${transaction.xid},"_ab_cdc_ordinal":`;
    this.ordinal = 0;
  }

  /** Good until the next call. @param place of the change in the log, as digits */
  of(operation: Operation, place: string): Uint8Array {
    this.ordinal += 1;
    const times = operation === 'delete' ? this.deleted : this.live;
    const all = this.fields === 'all' ? `${this.behind}${this.ordinal},"_ab_cdc_op":"${operation}"` : '';
    const length = this.scratch.write(`,"_ab_cdc_lsn":${place}${times}${all}`, 'latin1');
    return this.scratch.subarray(0, length);
  }
}
