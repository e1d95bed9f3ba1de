import { Failure, type Json } from '@ewallet/failure';

/** Which fields beside the columns each record has: Airbyte's three, or all that the stream of changes knows. */
export type CaptureFields = 'airbyte' | 'all';

/** `replication_method` with `method` CDC. */
export interface CaptureConfig {
  readonly slot: string;
  readonly publication: string;
  readonly slotCreation: 'never' | 'if_missing';
  readonly onInvalidPosition: 'fail' | 'resync' | 'reread';
  readonly unchangedValues: 'reread' | 'require_full';
  readonly onTruncate: 'fail' | 'ignore';
  readonly fields: CaptureFields;
}

/** Airbyte's names, and ours behind them. */
export const captureKeys = [
  'method',
  'plugin',
  'replication_slot',
  'publication',
  'invalid_cdc_cursor_position_behavior',
  'lsn_commit_behaviour',
  'slot_creation',
  'unchanged_values',
  'on_truncate',
  'cdc_fields',
  // Of Airbyte's waiting for changes, which a sync here does not do: taken, so that its configurations move over.
  'initial_waiting_seconds',
  'queue_size',
  'debezium_shutdown_timeout_seconds',
  'heartbeat_action_query',
  'initial_load_timeout_hours',
] as const;

export function parseCaptureConfig(method: Json): CaptureConfig {
  if ((method.plugin ?? 'pgoutput') !== 'pgoutput') {
    throw Failure.config('`replication_method.plugin` must be pgoutput, which every server has.');
  }
  if (method.lsn_commit_behaviour === 'While reading Data') {
    throw Failure.config(
      '`replication_method.lsn_commit_behaviour` "While reading Data" loses changes when the destination fails: ' +
        'choose "After loading Data in the destination".',
    );
  }
  choice(method, 'lsn_commit_behaviour', { 'After loading Data in the destination': true });
  return {
    slot: checkSlotName(text(method, 'replication_slot')),
    publication: text(method, 'publication'),
    slotCreation: choice(method, 'slot_creation', { never: 'never', if_missing: 'if_missing' }),
    onInvalidPosition: choice(method, 'invalid_cdc_cursor_position_behavior', {
      'Fail sync': 'fail',
      'Re-sync data': 'resync',
      'Re-read changed rows': 'reread',
    }),
    unchangedValues: choice(method, 'unchanged_values', { reread: 'reread', require_full: 'require_full' }),
    onTruncate: choice(method, 'on_truncate', { fail: 'fail', ignore: 'ignore' }),
    fields: choice(method, 'cdc_fields', { airbyte: 'airbyte', all: 'all' }),
  };
}

/** The choice that a value names; the first where it is absent. */
function choice<T>(method: Json, key: string, choices: Readonly<Record<string, T>>): T {
  const names = Object.keys(choices);
  const value = method[key] ?? names[0];
  const found = typeof value === 'string' && Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (found === undefined) throw Failure.config(`\`replication_method.${key}\` must be one of ${names.join(', ')}.`);
  return found;
}

function text(method: Json, key: string): string {
  const value = method[key];
  if (typeof value !== 'string' || value === '') throw Failure.config(`\`replication_method.${key}\` is missing.`);
  return value;
}

/** Slot names have letters that need no quoting; anything else is the user's mistake. */
function checkSlotName(name: string): string {
  if (/^[a-z0-9_]{1,63}$/.test(name)) return name;
  throw Failure.config(
    '`replication_method.replication_slot` may have lower-case letters, digits and underscores, 63 at most.',
  );
}
