import { count } from '@ewallet/failure';
import { partitionKey } from '@ewallet/kafka';
import { quoteLiteral } from '@ewallet/postgres';
import type { KafkaFacts } from '../probe/kafka';
import type { Probe } from '../probe/probe';
import type { SyncFacts } from '../probe/sync';
import type { WarehouseFacts } from '../probe/warehouse';
import { ago, duration, secondsBetween } from './amounts';
import { line, type Finding, type Line } from './verdict';

export interface StreamEvidence {
  readonly sync: Probe<SyncFacts> | undefined;
  readonly kafka: Probe<KafkaFacts> | undefined;
  readonly warehouse: Probe<WarehouseFacts> | undefined;
}

/** One line per stream, from the sync to its table: what each hop knows of it. */
export function judgeStreams(lagSeconds: number, evidence: StreamEvidence, now: Date): Line[] {
  const synced = valueOf(evidence.sync)?.lastSuccess?.streams ?? {};
  const kafka = valueOf(evidence.kafka);
  const warehouse = valueOf(evidence.warehouse);
  const tables = new Map((warehouse?.tables ?? []).map((table) => [table.topic, table]));
  const topics = new Set([
    ...(kafka?.partitions ?? []).map(({ topic }) => topic),
    ...(warehouse?.partitions ?? []).map(({ topic }) => topic),
    ...tables.keys(),
  ]);
  const landing = [...topics].sort().map((topic) => {
    const stream = tables.get(topic)?.stream ?? topic;
    const lag = lagOf(topic, kafka, warehouse, now);
    const landedAt = newest(
      (warehouse?.partitions ?? []).flatMap((at) => (at.topic === topic ? (at.landedAt ?? []) : [])),
    );
    const letters = warehouse?.deadLetters.find((dead) => dead.topic === topic);
    const end = (kafka?.partitions ?? []).filter((at) => at.topic === topic).reduce((sum, at) => sum + at.end, 0);
    const records = synced[stream];
    const says = [
      ...(records === undefined ? [] : [`last sync ${count(records, 'record')}`]),
      ...(kafka === undefined ? [] : [`${topic} ends at ${end.toLocaleString('en')}`]),
      ...(lag === undefined
        ? []
        : [
            `lag ${count(lag.records, 'record')}, ${lag.seconds === undefined ? 'of an age that is not known' : duration(lag.seconds)}`,
          ]),
      ...(landedAt === undefined
        ? []
        : [`landed ${ago(landedAt, now)} in ${tables.get(topic)?.table ?? 'no table yet'}`]),
    ];
    const findings: Finding[] = [];
    if (lag?.seconds !== undefined && lag.seconds > lagSeconds) {
      findings.push({
        code: 'sink-lag',
        verdict: 'degraded',
        says: `${count(lag.records, 'record')} wait, the oldest for ${duration(lag.seconds)}`,
        next: 'Look at the sink’s line first. If it runs: more instances up to the partitions, or the warehouse is the limit (docs/capacity.md).',
      });
    }
    if (letters !== undefined) {
      findings.push({
        code: 'dead-letters',
        verdict: 'degraded',
        says: `${count(letters.count, 'dead letter')}, the newest ${ago(letters.newestAt, now)}`,
        next: `select "offset", stage, error_message from sink.dead_letters where topic = ${quoteLiteral(topic)} and replayed_at is null; repair, then sink-warehouse replay`,
      });
    }
    return line('stream', stream, {
      says,
      findings,
      facts: {
        topic,
        table: tables.get(topic)?.table ?? null,
        synced_records: records ?? null,
        end_offset: kafka === undefined ? null : end,
        lag_records: lag?.records ?? null,
        lag_seconds: lag?.seconds ?? null,
        landed_at: landedAt ?? null,
        dead_letters: letters?.count ?? 0,
      },
    });
  });
  const shown = new Set(landing.map(({ subject }) => subject));
  const others = Object.entries(synced)
    .filter(([stream]) => !shown.has(stream) && stream !== 'global')
    .map(([stream, records]) =>
      line('stream', stream, {
        says: [`last sync ${count(records, 'record')}`],
        findings: [],
        facts: { synced_records: records },
      }),
    );
  return [...landing, ...others];
}

/** Undefined where Kafka or the warehouse does not say, or the topic is not there. */
function lagOf(
  topic: string,
  kafka: KafkaFacts | undefined,
  warehouse: WarehouseFacts | undefined,
  now: Date,
): { readonly records: number; readonly seconds: number | undefined } | undefined {
  const partitions = (kafka?.partitions ?? []).filter((at) => at.topic === topic);
  if (warehouse === undefined || partitions.length === 0 || warehouse.refused.includes('sink.offsets'))
    return undefined;
  const next = new Map(warehouse.partitions.map((at) => [partitionKey(at), at.nextOffset]));
  const records = partitions.reduce((sum, at) => sum + Math.max(0, at.end - (next.get(partitionKey(at)) ?? 0)), 0);
  if (records > 0 && kafka?.ageUnknown !== undefined) return { records, seconds: undefined };
  const oldest = partitions
    .flatMap(({ waitingSince }) => (waitingSince === undefined ? [] : [waitingSince]))
    .sort((a, b) => a.getTime() - b.getTime())[0];
  return { records, seconds: oldest === undefined ? 0 : Math.max(0, secondsBetween(oldest, now)) };
}

function newest(dates: readonly Date[]): Date | undefined {
  return [...dates].sort((a, b) => b.getTime() - a.getTime())[0];
}

function valueOf<T>(asked: Probe<T> | undefined): T | undefined {
  return asked?.kind === 'answered' ? asked.value : undefined;
}
