import { BALANCE_MISMATCH } from '../config/signal-names';
import type { Channel, DeliveryConfig } from '../config/delivery';
import { isOfBalance } from './balance-alert';
import { ALERTS, BALANCES, type Reading } from './read-record';
import type { DeliveryRules } from './verdict';

/** A topic of which people are told, each with a consumer group of its own. */
export interface Watch {
  readonly topic: string;
  readonly groupId: string;
  readonly channels: readonly Channel[];
  readonly rules: DeliveryRules;
  readonly reading: Reading;
  /** Whether a line of the log of deliveries is about this topic. */
  readonly isOwn: (alertId: string) => boolean;
}

/** What the channels want to hear of: alerts, balances that do not add up, or both. */
export function watchesOf(topicPrefix: string, delivery: DeliveryConfig): readonly Watch[] {
  const { channels, groupId, settleMs, maxAgeMs, balanceMs } = delivery;
  const watches: readonly Watch[] = [
    {
      topic: `${topicPrefix}.alerts`,
      groupId,
      channels: channels.filter(({ signals }) => [...signals].some((signal) => signal !== BALANCE_MISMATCH)),
      rules: { settleMs, maxAgeMs },
      reading: ALERTS,
      isOwn: (id) => !isOfBalance(id),
    },
    {
      topic: `${topicPrefix}.balance_checks`,
      groupId: `${groupId}-balances`,
      channels: channels.filter(({ signals }) => signals.has(BALANCE_MISMATCH)),
      // A wallet that does not add up is told however long it has been like that.
      rules: { settleMs: balanceMs, maxAgeMs: Infinity },
      reading: BALANCES,
      isOwn: isOfBalance,
    },
  ];
  return watches.filter((watch) => watch.channels.length > 0);
}
