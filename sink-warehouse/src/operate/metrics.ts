import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Sink } from '../run/sink';
import type { SinkEvents } from '../run/events';

/** Prometheus metrics of one connector. Lag is computed when somebody asks. */
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
    help: 'Times the sink waited and began anew after a fault of the environment',
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

  constructor(connector: string, current: () => Sink | undefined) {
    this.registry.setDefaultLabels({ connector });
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'sink_lag_records',
      help: 'Offsets between the warehouse and the end of what may be read',
      labelNames: ['topic', 'partition'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { topic, partition, stableOffset, committedTo } of current()?.partitions ?? []) {
          this.set({ topic, partition: String(partition) }, Math.max(0, stableOffset - committedTo));
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
  }

  readonly events: SinkEvents = {
    targetState: () => undefined,
    assigned: () => undefined,
    reset: () => undefined,
    committed: ({ progress, milliseconds, deadLetters }) => {
      for (const { topic, records } of progress) this.records.inc({ topic }, records);
      this.batches.inc();
      this.flush.observe(milliseconds / 1000);
      for (const { topic, stage } of deadLetters) this.deadLetters.inc({ topic, stage });
    },
    parked: () => undefined,
    unparked: () => undefined,
    retrying: () => {
      this.retries.inc();
    },
    rejoining: () => {
      this.rebalances.inc();
    },
  };
}
