import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Readiness, Shown } from '@ewallet/command-line';
import type { Failure, FailureKind } from '@ewallet/failure';
import type { FollowStatus } from './follow-progress';
import { readMeasurement } from './measurement';
import type { StateMessage } from './message';
import type { EarlierRuns } from './status-file';
import type { SyncObserver, SyncOutcome } from './sync-observer';

/** Gauges that prom-client names as if they counted, which `promtool check metrics` refuses; each stands by its type, too. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const FAILURE_KINDS = ['config_error', 'transient_error', 'system_error'] as const satisfies readonly FailureKind[];

/** Prometheus metrics of one connection. Moments are Unix time in seconds: an age is `time() - x`, also while nothing runs. */
export class SyncMetrics implements SyncObserver, Shown {
  private readonly registry = new Registry();
  private failure: string | undefined;
  private readonly running = this.gauge('running', '1 while a sync runs, 0 between syncs');
  private readonly failing = this.gauge('failing', '1 from a failed attempt until something is acknowledged again');
  private readonly lastSuccess = this.moment(
    'last_success_timestamp_seconds',
    'When the last sync succeeded, as Unix time; runs before this process included',
  );
  private readonly lastDuration = this.moment('last_duration_seconds', 'How long the last successful sync took');
  private readonly acknowledgedAt = this.moment(
    'last_acknowledged_timestamp_seconds',
    'When the destination last acknowledged a state, as Unix time; runs before this process included',
  );
  private readonly nextAt = this.moment(
    'next_timestamp_seconds',
    'When the schedule starts the next sync, as Unix time',
  );
  private readonly durations = new Histogram({
    name: 'ewallet_sync_duration_seconds',
    help: 'How long successful syncs took',
    buckets: [1, 5, 15, 60, 300, 900, 3_600, 14_400],
    registers: [this.registry],
  });
  private readonly syncs = this.counter('syncs_total', 'Syncs that ended, by how', ['status']);
  private readonly failures = this.counter('attempt_failures_total', 'Attempts that failed, by kind', ['kind']);
  private readonly retries = this.counter('retries_total', 'Failed attempts that another attempt followed');
  private readonly records = this.counter('records_total', 'Records that the destination acknowledged', ['stream']);
  private readonly rejected = this.counter('rejected_records_total', 'Records that the destination set aside', [
    'stream',
  ]);
  private readonly bytes = this.counter('bytes_total', 'Bytes of messages from the source that the destination got');
  private readonly stateAt = this.gauge(
    'state_timestamp_seconds',
    'When a state of the stream was last acknowledged by this process, as Unix time; "global" is of all streams',
    ['stream'],
  );
  private readonly measurement = new Gauge({
    name: 'ewallet_sync_connector_measurement',
    help: 'What a connector last measured of itself, by the name it gave',
    labelNames: ['connector', 'name', 'field'],
    registers: [this.registry],
  });

  /**
   * @param now milliseconds since the epoch
   * @param following what `--follow` says of itself; undefined on a schedule
   */
  constructor(
    connection: string,
    earlier: EarlierRuns,
    private readonly now: () => number,
    private readonly following: (() => FollowStatus) | undefined,
  ) {
    this.registry.setDefaultLabels({ connection });
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    // A counter that appears with its first failure has not increased, as Prometheus sees it.
    for (const kind of FAILURE_KINDS) this.failures.inc({ kind }, 0);
    if (earlier.succeededAt !== undefined) this.lastSuccess.set(earlier.succeededAt / 1_000);
    if (earlier.acknowledgedAt !== undefined) this.acknowledgedAt.set(earlier.acknowledgedAt / 1_000);
    if (following !== undefined) this.follow(following);
  }

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** Not ready, with the reason, while the last attempt failed or nothing is followed. Nothing in it is secret. */
  ready(): Readiness {
    const reason = this.failure ?? (this.isUnconnected() ? 'Source and destination are not connected yet.' : undefined);
    return { ok: reason === undefined, body: { ready: reason === undefined, reason } };
  }

  started(): void {
    this.running.set(1);
    this.nextAt.remove();
  }

  relayed(bytes: number): void {
    this.bytes.inc(bytes);
  }

  acknowledged({ of, rejectedRecords }: StateMessage, records: number): void {
    const at = this.now() / 1_000;
    this.records.inc({ stream: of }, records);
    this.rejected.inc({ stream: of }, rejectedRecords);
    this.stateAt.set({ stream: of }, at);
    this.acknowledgedAt.set(at);
    this.failing.set(0);
    this.failure = undefined;
  }

  measured(connector: string, name: string, value: string): void {
    for (const { field, number } of readMeasurement(value)) this.measurement.set({ connector, name, field }, number);
  }

  attemptFailed(_attempt: number, { kind, message }: Failure, final: boolean): void {
    this.failure = message;
    this.failing.set(1);
    this.failures.inc({ kind });
    if (!final) {
      this.retries.inc();
      return;
    }
    this.syncs.inc({ status: 'failed' });
    this.running.set(0);
  }

  ended({ status, seconds }: SyncOutcome): void {
    this.syncs.inc({ status });
    this.running.set(0);
    if (status !== 'succeeded') return;
    this.failure = undefined;
    this.failing.set(0);
    this.lastSuccess.set(this.now() / 1_000);
    this.lastDuration.set(seconds);
    this.durations.observe(seconds);
  }

  planned(next: Date | undefined): void {
    if (next === undefined) this.nextAt.remove();
    else this.nextAt.set(next.getTime() / 1_000);
  }

  /** Lag is not shown before it was measured: a zero would say that there is none. */
  private follow(status: () => FollowStatus): void {
    const shown = (name: string, help: string, value: (status: FollowStatus) => number | undefined): void => {
      new Gauge({
        name: `ewallet_sync_follow_${name}`,
        help,
        registers: [this.registry],
        collect() {
          const current = value(status());
          if (current === undefined) this.remove();
          else this.set(current);
        },
      });
    };
    shown('connected', '1 while source and destination are open', ({ isConnected }) => (isConnected ? 1 : 0));
    shown('lag_bytes', "Bytes of the server's log that are not acknowledged", ({ lagBytes }) => lagBytes);
    shown('lag_seconds', 'Age of the oldest transaction that is not acknowledged', ({ lagSeconds }) => lagSeconds);
    new Counter({
      name: 'ewallet_sync_follow_restarts_total',
      help: 'Times that source and destination were started again',
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(status().restarts);
      },
    });
  }

  private isUnconnected(): boolean {
    return this.following !== undefined && !this.following().isConnected;
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name: `ewallet_sync_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** Without a value until there is one: as a zero it would be the year 1970. */
  private moment(name: string, help: string): Gauge {
    const gauge = this.gauge(name, help);
    gauge.remove();
    return gauge;
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name: `ewallet_sync_${name}`, help, labelNames, registers: [this.registry] });
  }
}
