import { Failure, type ConfigReader } from '@ewallet/failure';

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

export function parseCaptureConfig(method: ConfigReader): CaptureConfig {
  if (method.text('plugin', 'pgoutput') !== 'pgoutput') {
    throw Failure.config('`replication_method.plugin` must be pgoutput, which every server has.');
  }
  if (method.value('lsn_commit_behaviour') === 'While reading Data') {
    throw Failure.config(
      '`replication_method.lsn_commit_behaviour` "While reading Data" loses changes when the destination fails: ' +
        'choose "After loading Data in the destination".',
    );
  }
  method.optionalOneOf('lsn_commit_behaviour', ['After loading Data in the destination']);
  return {
    slot: checkSlotName(method.text('replication_slot')),
    publication: method.text('publication'),
    slotCreation: method.oneOf('slot_creation', ['never', 'if_missing'], 'never'),
    onInvalidPosition: positions[method.oneOf('invalid_cdc_cursor_position_behavior', positionNames, 'Fail sync')],
    unchangedValues: method.oneOf('unchanged_values', ['reread', 'require_full'], 'reread'),
    onTruncate: method.oneOf('on_truncate', ['fail', 'ignore'], 'fail'),
    fields: method.oneOf('cdc_fields', ['airbyte', 'all'], 'airbyte'),
  };
}

/** Airbyte's words for what to do where the position is no longer in the log, and one of ours. */
const positionNames = ['Fail sync', 'Re-sync data', 'Re-read changed rows'] as const;
const positions = { 'Fail sync': 'fail', 'Re-sync data': 'resync', 'Re-read changed rows': 'reread' } as const;

/** Slot names have letters that need no quoting; anything else is the user's mistake. */
function checkSlotName(name: string): string {
  if (/^[a-z0-9_]{1,63}$/.test(name)) return name;
  throw Failure.config(
    '`replication_method.replication_slot` may have lower-case letters, digits and underscores, 63 at most.',
  );
}
