import type { FramedReader } from '@ewallet/avro';
import { Failure, isObject } from '@ewallet/failure';
import { parseAlert } from './alert';
import type { AlertRecord, SourceRecord } from './open-alerts';

export type Read =
  | { readonly kind: 'alert'; readonly record: AlertRecord }
  /** For good: the record is a dead letter. */
  | { readonly kind: 'unreadable'; readonly cause: string };

/** @throws Failure transient_error where the registry does not answer */
export async function readRecord(source: SourceRecord, framed: FramedReader): Promise<Read> {
  try {
    if (source.key === null) return { kind: 'unreadable', cause: 'the record has no key' };
    const key = await framed.read(source.key);
    const id = isObject(key) ? key.alert_id : undefined;
    if (typeof id !== 'string') return { kind: 'unreadable', cause: 'the key has no "alert_id"' };
    const alert = source.value === null ? undefined : parseAlert(await framed.read(source.value));
    return { kind: 'alert', record: { id, alert, source } };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'transient_error') throw error;
    // A decoder's own words may quote a value.
    return {
      kind: 'unreadable',
      cause: error instanceof Failure ? error.message : 'the record is not Avro of its schema',
    };
  }
}
