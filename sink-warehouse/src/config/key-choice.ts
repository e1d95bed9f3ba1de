import { Failure } from '@ewallet/failure';
import type { KeyRule } from '../tables/key-rule';
import type { KeyReader } from './key-reader';

const COORDINATES = ['_kafka_topic', '_kafka_partition', '_kafka_offset'] as const;
/** Connect's JDBC sink calls them so where `pk.fields` is empty. */
const CONNECT_COORDINATES = ['__connect_topic', '__connect_partition', '__connect_offset'] as const;

/**
 * `insert.mode`, `pk.mode` and `pk.fields` as one rule.
 *
 * @throws Failure where they contradict each other
 */
export function keyChoice(read: KeyReader): KeyRule {
  const mode = read.choice('pk.mode', ['record_key', 'record_value', 'kafka', 'none']);
  const upserts = read.choice('insert.mode', ['upsert', 'insert']) === 'upsert';
  const fields = read.list('pk.fields');
  refuseRepeated(fields);
  if (mode !== 'record_key' && upserts && read.optional('delete.enabled') === 'true') {
    throw Failure.config('delete.enabled=true needs pk.mode=record_key: a tombstone has nothing but its key.');
  }
  switch (mode) {
    case 'none':
      if (upserts) throw Failure.config('insert.mode=upsert needs to know the key: set pk.mode=record_key.');
      return { kind: 'none' };
    case 'kafka':
      refuseOtherCoordinates(fields);
      return { kind: 'coordinates' };
    case 'record_key':
      // With insert every record is wanted, so a key of records cannot be the table's.
      return upserts ? { kind: 'record-key', fields } : { kind: 'none' };
    case 'record_value':
      if (fields.length === 0) throw Failure.config('pk.mode=record_value needs pk.fields: the fields of the key.');
      return upserts ? { kind: 'record-value', fields } : { kind: 'none' };
  }
}

function refuseRepeated(fields: readonly string[]): void {
  const repeated = fields.find((name, index) => fields.indexOf(name) !== index);
  if (repeated !== undefined) throw Failure.config(`pk.fields names ${JSON.stringify(repeated)} twice.`);
}

function refuseOtherCoordinates(fields: readonly string[]): void {
  const isTrio = (trio: readonly string[]) => trio.join() === fields.join();
  if (fields.length === 0 || isTrio(COORDINATES) || isTrio(CONNECT_COORDINATES)) return;
  throw Failure.config(
    `pk.fields with pk.mode=kafka: every table has its coordinates in ${COORDINATES.join(', ')}. Leave pk.fields empty.`,
  );
}
