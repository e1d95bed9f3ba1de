import { pause } from '@ewallet/command-line';
import type { Channel, DeliveryConfig } from '../config/delivery';
import type { DeliveryLog } from './delivery-log';
import type { DeadLetter } from './dead-letters';
import type { DeliveryMetrics } from './metrics';
import type { OpenAlerts, Sending } from './open-alerts';
import { backoffMs, untilDone } from './retry';
import type { Outcome, Sender } from './outcome';
import type { Message, Told } from './verdict';

export interface ChannelLoopParts {
  readonly channel: Channel;
  readonly sender: Sender;
  readonly alerts: OpenAlerts;
  readonly log: Pick<DeliveryLog, 'write'>;
  readonly bury: (letter: Omit<DeadLetter, 'topic'>) => Promise<void>;
  readonly metrics: DeliveryMetrics;
  readonly rules: Pick<DeliveryConfig, 'retryMs'>;
  readonly say: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Sends what a channel is to be told, one message after the other, until it is stopped. A message that was taken is
 * written to the log of deliveries before the next one is sent; only then may its record be committed.
 */
export async function runChannel(parts: ChannelLoopParts, stop: AbortSignal): Promise<void> {
  const { alerts, channel, sender, now } = parts;
  let failures = 0;
  while (!stop.aborted) {
    const next = alerts.next(channel, now());
    if (next.kind === 'wait') {
      await alerts.untilChanged(next.until - now(), stop);
      continue;
    }
    const { message } = next.sending;
    alerts.tried(channel.name, idOf(message), now());
    const outcome = await sender.send(message);
    if (await settle(parts, next.sending, outcome, stop)) failures = 0;
    else if (outcome.kind === 'unavailable') {
      failures += 1;
      await pause(Math.max(outcome.retryAfterMs ?? 0, backoffMs(failures, Math.random())), stop);
    }
  }
}

/** @returns whether the channel works: it took the message, or refused this one only */
async function settle(
  parts: ChannelLoopParts,
  sending: Sending,
  outcome: Outcome,
  stop: AbortSignal,
): Promise<boolean> {
  const { channel, metrics, now, say } = parts;
  const { message } = sending;
  const named = `${message.key} on channel "${channel.name}"`;
  switch (outcome.kind) {
    case 'delivered':
      if (!(await conclude(parts, sending, { status: message.event, cause: undefined }, stop))) return true;
      metrics.delivered(channel.name, message.event, (now() - sending.seenAt) / 1_000);
      say(`delivered ${named}`);
      return true;
    case 'refused':
      await giveUp(parts, sending, outcome.cause, stop);
      return true;
    case 'unavailable':
      metrics.failed(channel.name, outcome.cause);
      if (now() - sending.firstAt >= parts.rules.retryMs) await giveUp(parts, sending, outcome.cause, stop);
      else if (sending.attempts === 0) say(`${named} is tried again: ${outcome.cause}`);
      return false;
    default:
      return outcome satisfies never;
  }
}

async function giveUp(parts: ChannelLoopParts, sending: Sending, cause: string, stop: AbortSignal): Promise<void> {
  const { channel, metrics, bury, say } = parts;
  const { message, source, attempts } = sending;
  const letter = { source, cause, message: { channel: channel.name, key: message.key, attempts: attempts + 1 } };
  if (!(await untilWritten(parts, () => bury(letter), stop))) return;
  const status = message.event === 'raised' ? 'raise_undeliverable' : 'retract_undeliverable';
  if (!(await conclude(parts, sending, { status, cause }, stop))) return;
  metrics.undeliverable(channel.name);
  say(`${message.key} on channel "${channel.name}" is a dead letter: ${cause}`);
}

/** @returns whether it is in the log; where it is not, the message is sent again, with the same key */
async function conclude(
  parts: ChannelLoopParts,
  { message, attempts }: Sending,
  { status, cause }: { readonly status: Told['status']; readonly cause: string | undefined },
  stop: AbortSignal,
): Promise<boolean> {
  const { channel, alerts, log, now } = parts;
  const told = toldOf(message, status, now());
  const entry = { channel: channel.name, id: idOf(message), told, attempts: attempts + 1, cause };
  const written = await untilWritten(parts, () => log.write(entry), stop);
  if (written) alerts.tell(channel.name, entry.id, told);
  return written;
}

async function untilWritten(
  { metrics, say }: ChannelLoopParts,
  write: () => Promise<void>,
  stop: AbortSignal,
): Promise<boolean> {
  const what = 'Kafka';
  const written = await untilDone(
    write,
    (error) => {
      const cause = error instanceof Error ? error.message : String(error);
      metrics.ill(what, cause);
      say(`the log of deliveries could not be written, and is tried again: ${cause}`);
    },
    stop,
  );
  if (written) metrics.well(what);
  return written;
}

function idOf(message: Message): string {
  return message.event === 'raised' ? message.alert.id : message.id;
}

function toldOf(message: Message, status: Told['status'], at: number): Told {
  const { signal, customer, severity } = message.event === 'raised' ? message.alert : message.told;
  return { status, round: message.round, signal, customer, severity, at };
}
