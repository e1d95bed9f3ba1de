import type { FramedReader } from '@ewallet/avro';
import { Failure, isObject } from '@ewallet/failure';
import { parseAlert, type Alert } from './alert';
import { balanceAlert, balanceAlertId } from './balance-alert';
import type { AlertRecord, SourceRecord } from './open-alerts';

export type Read =
  | { readonly kind: 'alert'; readonly record: AlertRecord }
  /** For good: the record is a dead letter. */
  | { readonly kind: 'unreadable'; readonly cause: string };

/** How the records of a topic are read as alerts. */
export interface Reading {
  /** @returns undefined where the key is of another shape */
  readonly idOf: (key: Readonly<Record<string, unknown>>) => string | undefined;
  /** What the key must have. */
  readonly keyColumn: string;
  /** @returns undefined where there is nothing to tell */
  readonly alertOf: (value: unknown) => Alert | undefined;
}

export const ALERTS: Reading = {
  idOf: ({ alert_id }) => (typeof alert_id === 'string' ? alert_id : undefined),
  keyColumn: 'alert_id',
  alertOf: parseAlert,
};

export const BALANCES: Reading = { idOf: balanceAlertId, keyColumn: 'wallet_id', alertOf: balanceAlert };

/** @throws Failure transient_error where the registry does not answer */
export async function readRecord(source: SourceRecord, framed: FramedReader, reading: Reading = ALERTS): Promise<Read> {
  try {
    if (source.key === null) return { kind: 'unreadable', cause: 'the record has no key' };
    const key = await framed.read(source.key);
    const id = isObject(key) ? reading.idOf(key) : undefined;
    if (id === undefined) return { kind: 'unreadable', cause: `the key has no "${reading.keyColumn}"` };
    const alert = source.value === null ? undefined : reading.alertOf(await framed.read(source.value));
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
