import type { Readiness, Shown } from '@ewallet/command-line';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A channel that fails for so long is a trouble; a shorter failure is retried, and nobody needs to know. */
const TROUBLE_AFTER_MS = 60_000;

/** Prometheus metrics of the deliveries, and whether they go well. */
export class DeliveryMetrics implements Shown {
  private readonly registry = new Registry();
  private readonly failingSince = new Map<string, { readonly since: number; readonly cause: string }>();
  private readonly deliveredCounter = this.counter('delivered_total', 'Messages that a channel took', [
    'channel',
    'event',
  ]);
  private readonly failures = this.counter('failures_total', 'Attempts that failed and are repeated', ['channel']);
  private readonly undeliverableCounter = this.counter('undeliverable_total', 'Messages that became dead letters', [
    'channel',
  ]);
  private readonly unreadableCounter = this.counter(
    'unreadable_total',
    'Records of the topic that could not be read',
    [],
  );
  private readonly skippedCounter = this.counter('skipped_total', 'Alerts that were not sent to a channel, by reason', [
    'channel',
    'why',
  ]);
  private readonly latency = new Histogram({
    name: 'ewallet_deliver_latency_seconds',
    help: 'From an alert being read to the channel having it; settling, quiet hours and retries included',
    labelNames: ['channel'],
    buckets: [1, 5, 15, 60, 300, 3_600, 14_400, 86_400],
    registers: [this.registry],
  });
  private readonly last = this.gauge(
    'last_delivered_timestamp_seconds',
    'When a channel last took a message, as Unix time',
  );

  /**
   * @param now milliseconds since 1970
   * @param pending how many alerts still have to be sent to a channel
   */
  constructor(
    channels: readonly string[],
    private readonly now: () => number,
    pending: (channel: string) => number,
  ) {
    new Gauge({
      name: 'ewallet_deliver_pending',
      help: 'Alerts that still have to be sent to the channel; settling and quiet hours included',
      labelNames: ['channel'],
      registers: [this.registry],
      collect() {
        for (const channel of channels) this.set({ channel }, pending(channel));
      },
    });
  }

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  ready(): Readiness {
    for (const [what, { since, cause }] of this.failingSince) {
      const seconds = Math.round((this.now() - since) / 1_000);
      if (seconds * 1_000 >= TROUBLE_AFTER_MS) {
        return { ok: false, body: { ready: false, reason: `${what} fails for ${seconds} s: ${cause}` } };
      }
    }
    return { ok: true, body: { ready: true } };
  }

  delivered(channel: string, event: string, seconds: number): void {
    this.well(channelName(channel));
    this.deliveredCounter.inc({ channel, event });
    this.latency.observe({ channel }, seconds);
    this.last.set({ channel }, this.now() / 1_000);
  }

  failed(channel: string, cause: string): void {
    this.failures.inc({ channel });
    this.ill(channelName(channel), cause);
  }

  undeliverable(channel: string): void {
    this.undeliverableCounter.inc({ channel });
  }

  unreadable(): void {
    this.unreadableCounter.inc();
  }

  skipped(channel: string, why: string): void {
    this.skippedCounter.inc({ channel, why });
  }

  /** Something the deliveries need does not work; it is looked at again. */
  ill(what: string, cause: string): void {
    this.failingSince.set(what, { since: this.failingSince.get(what)?.since ?? this.now(), cause });
  }

  well(what: string): void {
    this.failingSince.delete(what);
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: `ewallet_deliver_${name}`, help, labelNames, registers: [this.registry] });
  }

  private gauge(name: string, help: string): Gauge<'channel'> {
    return new Gauge({ name: `ewallet_deliver_${name}`, help, labelNames: ['channel'], registers: [this.registry] });
  }
}

function channelName(channel: string): string {
  return `channel "${channel}"`;
}
