import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Sink } from '../run/sink';
import { DEPENDENCIES, type Reachable } from './dependencies';
import type { SinkEvents } from '../run/events';

/** Gauges that prom-client names as if they counted, which `promtool check metrics` refuses; each stands by its type, too. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** The last lag that was known, in offsets, and when. */
interface KnownLag {
  readonly at: number;
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly records: number }[];
}

/**
 * Prometheus metrics of one connector. Lag is computed when somebody asks; while the sink holds nothing, because Kafka or
 * the warehouse is away, the last one stays and its age grows: a series that vanished would silence every alert on it.
 */
export class SinkMetrics {
  readonly registry = new Registry();
  private readonly records = new Counter({
    name: 'sink_records_total',
    help: 'Records committed to the warehouse, tombstones included',
    labelNames: ['topic'],
    registers: [this.registry],
  });
  private readonly batches = new Counter({
    name: 'sink_batches_total',
    help: 'Warehouse transactions committed',
    registers: [this.registry],
  });
  private readonly flush = new Histogram({
    name: 'sink_flush_seconds',
    help: 'Time of a warehouse transaction',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  private readonly retries = new Counter({
    name: 'sink_retries_total',
    help: 'Times the sink waited and started again after a fault of the environment',
    registers: [this.registry],
  });
  private readonly rebalances = new Counter({
    name: 'sink_rebalances_total',
    help: 'Times the sink joined its group again',
    registers: [this.registry],
  });
  private readonly deadLetters = new Counter({
    name: 'sink_dead_letters_total',
    help: 'Records put aside in sink.dead_letters',
    labelNames: ['topic', 'stage'],
    registers: [this.registry],
  });

  private readonly lastCommit = new Gauge({
    name: 'sink_last_commit_timestamp_seconds',
    help: 'When records of the topic last landed in its table, as Unix time',
    labelNames: ['topic'],
    registers: [this.registry],
  });
  private readonly latency = new Histogram({
    name: 'sink_end_to_end_latency_seconds',
    help: "From the e-wallet's commit (since=commit), or where it is unknown from the source's reading (since=read), to the warehouse's commit: the oldest record looked at in each partition of a transaction",
    labelNames: ['topic', 'since'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
    registers: [this.registry],
  });
  /** Milliseconds by topic; a process that just started begins with what the warehouse knows. */
  private readonly committedAt = new Map<string, number>();
  private lag: KnownLag = { at: Date.now(), partitions: [] };

  constructor(connector: string, current: () => Sink | undefined, reachable: () => Promise<Reachable>) {
    this.registry.setDefaultLabels({ connector });
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    const knownLag = (): KnownLag => {
      const sink = current();
      if (sink?.isAssigned === true) {
        const partitions = sink.partitions.map(({ topic, partition, stableOffset, committedTo }) => ({
          topic,
          partition,
          records: Math.max(0, stableOffset - committedTo),
        }));
        this.lag = { at: Date.now(), partitions };
      }
      return this.lag;
    };
    new Gauge({
      name: 'sink_lag_records',
      help: 'Offsets between the warehouse and the end of what may be read',
      labelNames: ['topic', 'partition'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { topic, partition, records } of knownLag().partitions) {
          this.set({ topic, partition: String(partition) }, records);
        }
      },
    });
    new Gauge({
      name: 'sink_parked_topics',
      help: '1 for each topic that cannot land while others can',
      labelNames: ['topic'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { topic } of current()?.parked ?? []) this.set({ topic }, 1);
      },
    });
    new Gauge({
      name: 'sink_lag_age_seconds',
      help: 'How long ago sink_lag_records was true; grows while the sink cannot work',
      registers: [this.registry],
      collect() {
        this.set((Date.now() - knownLag().at) / 1_000);
      },
    });
    new Gauge({
      name: 'sink_dependency_up',
      help: '1 where Kafka, the schema registry or the warehouse answers, 0 where not',
      labelNames: ['dependency'],
      registers: [this.registry],
      async collect() {
        const found = await reachable();
        for (const dependency of DEPENDENCIES) this.set({ dependency }, found[dependency] ? 1 : 0);
      },
    });
  }

  readonly events: SinkEvents = {
    targetState: () => undefined,
    assigned: (partitions) => {
      for (const { topic, landedBefore } of partitions) {
        if (landedBefore !== undefined) this.committed(topic, landedBefore.getTime());
      }
    },
    reset: () => undefined,
    committed: ({ progress, milliseconds, deadLetters }) => {
      const now = Date.now();
      for (const { topic, records, oldest } of progress) {
        this.records.inc({ topic }, records);
        this.committed(topic, now);
        if (oldest === undefined) continue;
        // The e-wallet's clock may be ahead of this one.
        this.latency.observe({ topic, since: oldest.since }, Math.max(0, now - oldest.at) / 1_000);
      }
      this.batches.inc();
      this.flush.observe(milliseconds / 1000);
      for (const { topic, stage } of deadLetters) this.deadLetters.inc({ topic, stage });
    },
    parked: () => undefined,
    unparked: () => undefined,
    retrying: () => {
      this.retries.inc();
    },
    clockIsBehind: () => undefined,
    rejoining: () => {
      this.rebalances.inc();
    },
  };
  /** A topic is as fresh as its freshest partition. */
  private committed(topic: string, at: number): void {
    const newest = Math.max(at, this.committedAt.get(topic) ?? at);
    this.committedAt.set(topic, newest);
    this.lastCommit.set({ topic }, newest / 1_000);
  }
}
