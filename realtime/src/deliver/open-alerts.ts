import { pause } from '@ewallet/command-line';
import type { Channel } from '../config/delivery';
import type { Alert } from './alert';
import { verdictOn, type AlertState, type DeliveryRules, type Message, type Told, type Verdict } from './verdict';

/** Where a record is in the topic, and its bytes as they are there. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
}

/** A record of the topic: an alert, or its tombstone. */
export interface AlertRecord {
  readonly id: string;
  readonly alert: Alert | undefined;
  readonly source: SourceRecord;
}

interface OpenAlert {
  readonly state: AlertState;
  /** The newest record of it. */
  readonly source: SourceRecord;
  /** The oldest record of it that is not done with. */
  readonly offset: bigint;
  readonly done: Set<string>;
  readonly attempts: Map<string, { readonly count: number; readonly firstAt: number }>;
}

export interface Sending {
  readonly message: Message;
  readonly attempts: number;
  readonly firstAt: number;
  readonly seenAt: number;
  readonly source: SourceRecord;
}

type Next = { readonly kind: 'send'; readonly sending: Sending } | { readonly kind: 'wait'; readonly until: number };

/** Why no message was sent, once for each channel and alert. */
export type Skipped = (channel: string, why: Extract<Verdict, { kind: 'done' }>['why']) => void;

/**
 * Alerts that some channel still waits for, what each channel got, and so how far the topic may be committed:
 * up to the oldest record that is not done with. It acts on nothing; time is an argument.
 */
export class OpenAlerts {
  private readonly open = new Map<string, OpenAlert>();
  private readonly told = new Map<string, Told>();
  private readonly nextOffsets = new Map<number, bigint>();
  private change = new AbortController();

  constructor(
    private readonly channels: readonly Channel[],
    private readonly rules: DeliveryRules,
    private readonly skipped: Skipped,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /** What was read belongs to another member of the group now, or is read again. */
  forget(): void {
    this.open.clear();
    this.nextOffsets.clear();
  }

  /** @param now milliseconds since 1970 */
  take(record: AlertRecord, now: number): void {
    const known = this.open.get(record.id);
    this.read(record.source.partition, record.source.offset + 1n);
    // Nobody waits for it, and nobody was told: most balances are like that.
    if (record.alert === undefined && known === undefined && !this.wasTold(record.id)) return;
    const state = stateAfter(known?.state, record, this.rules.settleMs, now);
    this.open.set(record.id, {
      state,
      source: record.source,
      offset: known?.offset ?? record.source.offset,
      done: new Set(),
      attempts: known?.attempts ?? new Map<string, { readonly count: number; readonly firstAt: number }>(),
    });
  }

  private wasTold(id: string): boolean {
    return this.channels.some(({ name }) => this.told.get(toldKey(name, id))?.status === 'raised');
  }

  /** Everything of the partition before this offset was read. */
  read(partition: number, next: bigint): void {
    this.nextOffsets.set(partition, next);
  }

  /** What a channel was told, as the log of deliveries says or as it was just sent. */
  tell(channel: string, id: string, told: Told): void {
    this.told.set(toldKey(channel, id), told);
  }

  /** Forgets what was told so long ago that nothing about it is sent any more. */
  forgetToldBefore(moment: number): void {
    for (const [key, { at }] of this.told) if (at < moment) this.told.delete(key);
  }

  tried(channel: string, id: string, now: number): void {
    const open = this.open.get(id);
    const attempt = open?.attempts.get(channel);
    open?.attempts.set(channel, { count: (attempt?.count ?? 0) + 1, firstAt: attempt?.firstAt ?? now });
  }

  /**
   * What to send on a channel now, that which was tried least first, so that one message that is always refused for the
   * moment holds up no other; or when to ask again.
   */
  next(channel: Channel, now: number): Next {
    let until = Infinity;
    let best: Sending | undefined;
    for (const [id, open] of this.open) {
      if (open.done.has(channel.name)) continue;
      const verdict = verdictOn(open.state, this.told.get(toldKey(channel.name, id)), {
        channel,
        rules: this.rules,
        now,
      });
      switch (verdict.kind) {
        case 'done':
          this.finish(channel.name, id, open, verdict.why);
          break;
        case 'wait':
          until = Math.min(until, verdict.until);
          break;
        case 'send': {
          const { count = 0, firstAt = now } = open.attempts.get(channel.name) ?? {};
          const seenAt = open.state.raisedSince ?? open.state.goneSince ?? now;
          if (best === undefined || count < best.attempts || (count === best.attempts && seenAt < best.seenAt)) {
            best = { message: verdict.message, attempts: count, firstAt, seenAt, source: open.source };
          }
          break;
        }
        default:
          return verdict satisfies never;
      }
    }
    return best === undefined ? { kind: 'wait', until } : { kind: 'send', sending: best };
  }

  /** How many alerts still have to be sent to a channel, quiet hours and settling included. */
  pending(channel: string): number {
    let count = 0;
    for (const { done } of this.open.values()) if (!done.has(channel)) count += 1;
    return count;
  }

  /** By partition, the offset up to which no channel waits for anything. */
  committable(): ReadonlyMap<number, bigint> {
    const offsets = new Map(this.nextOffsets);
    for (const {
      source: { partition },
      offset,
    } of this.open.values()) {
      const next = offsets.get(partition);
      if (next === undefined || offset < next) offsets.set(partition, offset);
    }
    return offsets;
  }

  /** Wakes those who wait in {@link untilChanged}. */
  changed(): void {
    this.change.abort();
    this.change = new AbortController();
  }

  /** Returns after `milliseconds`, at the next change, or when it is stopped. */
  async untilChanged(milliseconds: number, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stop, this.change.signal]);
    await pause(Math.min(milliseconds, LONGEST_WAIT_MS), signal);
  }

  private finish(channel: string, id: string, open: OpenAlert, why: Extract<Verdict, { kind: 'done' }>['why']): void {
    open.done.add(channel);
    if (why !== 'told') this.skipped(channel, why);
    if (this.channels.every(({ name }) => open.done.has(name))) this.open.delete(id);
  }
}

const LONGEST_WAIT_MS = 60_000;

function toldKey(channel: string, id: string): string {
  return JSON.stringify([channel, id]);
}

/**
 * How an alert is after a record of it. Flink writes some changes as a tombstone and a value, so a gap that is shorter than
 * the settling time is none: else an alert that changes each second would never settle.
 */
function stateAfter(
  before: AlertState | undefined,
  { id, alert }: Pick<AlertRecord, 'id' | 'alert'>,
  settleMs: number,
  now: number,
): AlertState {
  if (alert === undefined) {
    return { id, alert, raisedSince: before?.raisedSince, goneSince: before?.goneSince ?? now };
  }
  const goneFor = before?.goneSince === undefined ? 0 : now - before.goneSince;
  const raisedSince = before?.raisedSince !== undefined && goneFor < settleMs ? before.raisedSince : now;
  return { id, alert, raisedSince, goneSince: undefined };
}
