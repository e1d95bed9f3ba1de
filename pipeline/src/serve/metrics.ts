import { Gauge, Registry } from 'prom-client';
import type { Hop, Line } from '../verdict/verdict';

/** A number among the facts of a hop's line, and the metric that it is. */
interface NumberFact {
  readonly hop: Hop;
  readonly fact: string;
  readonly metric: string;
  readonly help: string;
}

/** What a graph is drawn of. Everything else is in the findings. */
const NUMBERS: readonly NumberFact[] = [
  {
    hop: 'stream',
    fact: 'lag_records',
    metric: 'lag_records',
    help: 'Offsets between the warehouse and the end of what may be read',
  },
  { hop: 'stream', fact: 'lag_seconds', metric: 'lag_seconds', help: 'Age of the oldest record that has not landed' },
  { hop: 'stream', fact: 'dead_letters', metric: 'dead_letters', help: 'Records set aside and not replayed' },
  { hop: 'stream', fact: 'end_offset', metric: 'end_offset', help: 'End of the topic, summed over its partitions' },
  {
    hop: 'realtime',
    fact: 'lag_records',
    metric: 'realtime_lag_records',
    help: 'Records in the input topics that the Flink job has not read',
  },
  {
    hop: 'realtime',
    fact: 'checkpoint_age_seconds',
    metric: 'realtime_checkpoint_age_seconds',
    help: 'Age of the newest checkpoint of the Flink job',
  },
  {
    hop: 'realtime',
    fact: 'restarts',
    metric: 'realtime_restarts',
    help: 'Restarts of the Flink job since it was submitted',
  },
  {
    hop: 'e-wallet',
    fact: 'oldestTransactionSeconds',
    metric: 'oldest_transaction_seconds',
    help: 'Age of the oldest open transaction of the e-wallet',
  },
  {
    hop: 'e-wallet',
    fact: 'lastCommitSeconds',
    metric: 'last_commit_age_seconds',
    help: "Age of the e-wallet's last commit, where its server tells",
  },
];

/**
 * One look at the pipeline in Prometheus' text format. A finding is a series of 1 with the name that
 * docs/troubleshooting.md explains; what is healthy has none, so that each alert is one series.
 */
export async function metricsOf(
  lines: readonly Line[],
  seconds: number,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> =>
    new Gauge({ name: `ewallet_pipeline_${name}`, help, labelNames, registers: [registry] });
  const healthy = gauge('healthy', '1 where nothing is found at the hop, else 0', ['hop', 'subject']);
  const finding = gauge(
    'finding',
    '1 for what is wrong; docs/troubleshooting.md explains each code. verdict is degraded, down, or unknown where what would tell is itself down',
    ['hop', 'subject', 'code', 'verdict'],
  );
  gauge('look_duration_seconds', 'How long it took to ask every hop', []).set(seconds);
  for (const { hop, subject, verdict, findings } of lines) {
    healthy.set({ hop, subject }, verdict === 'healthy' ? 1 : 0);
    for (const { code, verdict: how } of findings) finding.set({ hop, subject, code, verdict: how }, 1);
  }
  for (const { hop, fact, metric, help } of NUMBERS) {
    const shown = gauge(metric, help, ['subject']);
    for (const line of lines) {
      const value = line.facts[fact];
      if (line.hop === hop && typeof value === 'number') shown.set({ subject: line.subject }, value);
    }
  }
  const retained = gauge('slot_retained_bytes', 'WAL that a replication slot holds back', ['subject', 'slot']);
  const landed = gauge('landed_timestamp_seconds', 'When rows last landed in the table, as Unix time', [
    'subject',
    'table',
  ]);
  for (const { hop, subject, facts } of lines) {
    if (hop === 'e-wallet') {
      for (const { name, retainedBytes } of slotsIn(facts.slots)) retained.set({ subject, slot: name }, retainedBytes);
    }
    if (hop === 'stream' && facts.landed_at instanceof Date && typeof facts.table === 'string') {
      landed.set({ subject, table: facts.table }, facts.landed_at.getTime() / 1_000);
    }
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function slotsIn(slots: unknown): readonly { readonly name: string; readonly retainedBytes: number }[] {
  if (!Array.isArray(slots)) return [];
  return slots.flatMap((slot: { readonly name?: unknown; readonly retainedBytes?: unknown }) =>
    typeof slot.name === 'string' && typeof slot.retainedBytes === 'number'
      ? { name: slot.name, retainedBytes: slot.retainedBytes }
      : [],
  );
}
