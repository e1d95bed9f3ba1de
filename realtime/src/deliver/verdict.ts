import { SEVERITIES, type Channel } from '../config/delivery';
import type { Alert } from './alert';
import { quietUntil } from './quiet-hours';

/** What a channel was told last of an alert. `…_undeliverable`: it could not be told, and its message is a dead letter. */
export const TOLD = ['raised', 'retracted', 'raise_undeliverable', 'retract_undeliverable'] as const;

export interface Told {
  readonly status: (typeof TOLD)[number];
  /** How often the alert was raised to the channel: above 1 where it was taken back and raised again. */
  readonly round: number;
  readonly signal: string;
  readonly customer: string | undefined;
  readonly severity: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** How an alert is, by the newest record of its key. */
export interface AlertState {
  readonly id: string;
  /** Undefined: taken back. */
  readonly alert: Alert | undefined;
  /** When it was first seen raised, gaps shorter than the settling time not counted. Milliseconds since 1970. */
  readonly raisedSince: number | undefined;
  /** When it was seen taken back; undefined while it is raised. */
  readonly goneSince: number | undefined;
}

export type Message =
  | { readonly event: 'raised'; readonly key: string; readonly round: number; readonly alert: Alert }
  | {
      readonly event: 'retracted';
      readonly key: string;
      readonly round: number;
      readonly id: string;
      readonly told: Told;
    };

export type Verdict =
  | { readonly kind: 'done'; readonly why: 'told' | 'unwanted' | 'old' | 'gone' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'send'; readonly message: Message };

export interface DeliveryRules {
  readonly settleMs: number;
  readonly maxAgeMs: number;
}

/**
 * Whether a channel gets an alert now, later or not at all: what it was sent is compared with how the alert is.
 *
 * @param now milliseconds since 1970
 */
export function verdictOn(
  state: AlertState,
  told: Told | undefined,
  { channel, rules, now }: { readonly channel: Channel; readonly rules: DeliveryRules; readonly now: number },
): Verdict {
  const { alert, goneSince } = state;
  if (alert === undefined) {
    const settled = (goneSince ?? now) + rules.settleMs;
    // Also where nobody was told: it may be raised again in a moment, and then settles from the first time on.
    if (now < settled) return { kind: 'wait', until: settled };
    if (told?.status !== 'raised' || !channel.retractions) return { kind: 'done', why: 'gone' };
    const quiet = quietFor(channel, told.severity, now);
    if (quiet !== undefined) return { kind: 'wait', until: quiet };
    const key = `${keyOf(state.id, told.round)}/retracted`;
    return { kind: 'send', message: { event: 'retracted', key, round: told.round, id: state.id, told } };
  }
  if (told !== undefined && told.status !== 'retracted') return { kind: 'done', why: 'told' };
  if (
    !channel.signals.has(alert.signal) ||
    SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(channel.minSeverity)
  ) {
    return { kind: 'done', why: 'unwanted' };
  }
  const since = state.raisedSince ?? now;
  if (since - alert.windowEnd > rules.maxAgeMs) return { kind: 'done', why: 'old' };
  if (now < since + rules.settleMs) return { kind: 'wait', until: since + rules.settleMs };
  const quiet = quietFor(channel, alert.severity, now);
  if (quiet !== undefined) return { kind: 'wait', until: quiet };
  const round = (told?.round ?? 0) + 1;
  return { kind: 'send', message: { event: 'raised', key: keyOf(alert.id, round), round, alert } };
}

/** The alert's id, so that a receiver takes a repeated message for what it is; with a number where it is raised again. */
function keyOf(id: string, round: number): string {
  return round === 1 ? id : `${id}/${round}`;
}

function quietFor({ quietHours }: Channel, severity: string, now: number): number | undefined {
  if (quietHours === undefined || (quietHours.highPasses && severity === 'high')) return undefined;
  return quietUntil(quietHours, now);
}
