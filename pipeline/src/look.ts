import { SchemaRegistry, type RegistryOptions } from '@ewallet/avro';
import { partitionKey } from '@ewallet/kafka';
import type { PipelineConfig } from './config/pipeline-config';
import { askAirbyte } from './probe/airbyte';
import { askDbt } from './probe/dbt';
import { askEwallet } from './probe/ewallet';
import { askFlink } from './probe/flink';
import { askKafka } from './probe/kafka';
import { probe, type Probe } from './probe/probe';
import { askInstance } from './probe/sink-rest';
import { askSync } from './probe/sync';
import { askWarehouse, type WarehouseFacts } from './probe/warehouse';
import { judgeDbt } from './verdict/dbt';
import { judgeEwallet } from './verdict/ewallet';
import { judgeKafka, judgeRegistry } from './verdict/kafka';
import { judgeRealtime } from './verdict/realtime';
import { judgeSink } from './verdict/sink';
import { judgeStreams } from './verdict/streams';
import { judgeSync } from './verdict/sync';
import type { Line } from './verdict/verdict';
import { judgeAudit, judgeWarehouse } from './verdict/warehouse';

/** Where no sink says how much lag is too much. */
const LAG_SECONDS = 300;

/**
 * Asks every configured part at once and judges what each said, in the order in which rows travel.
 *
 * @param limitMs milliseconds that each part has to answer
 */
export async function lookAt(config: PipelineConfig, limitMs: number, clock: () => Date): Promise<readonly Line[]> {
  const ask = async <T>(question: (over: AbortSignal) => Promise<T>): Promise<Probe<T>> => probe(limitMs, question);
  const { ewallet, sync, airbyte, kafka, registry, realtime, sink, warehouse, dbt, audit } = config;
  const landing = warehouse && ask((over) => askWarehouse(warehouse, sink?.name, limitMs, over));
  const [ewalletSays, syncSays, airbyteSays, kafkaSays, registrySays, flinkSays, instances, warehouseSays, dbtSays] =
    await Promise.all([
      ewallet && ask((over) => askEwallet(ewallet, limitMs, over)),
      sync && ask(() => askSync(sync, clock())),
      airbyte && ask((over) => askAirbyte(airbyte, clock(), over)),
      kafka &&
        ask((over) =>
          askKafka(
            { connection: kafka, isOurs: config.topics, groupId: sink?.groupId, landed: landedOffsets(landing) },
            limitMs,
            over,
          ),
        ),
      registry && ask(() => askRegistry(registry, limitMs)),
      realtime && ask((over) => askFlink(realtime, limitMs, over)),
      Promise.all(
        (sink?.instances ?? []).map(async (url) => ({
          url,
          asked: await ask((over) =>
            sink === undefined ? Promise.reject(new Error(url)) : askInstance(sink, url, over),
          ),
        })),
      ),
      landing,
      dbt && ask(() => askDbt(dbt.target)),
    ]);
  const now = clock();
  const streams = judgeStreams(
    sink?.lagSeconds ?? LAG_SECONDS,
    { sync: syncSays, kafka: kafkaSays, warehouse: warehouseSays },
    now,
  );
  return [
    ewallet && ewalletSays && judgeEwallet(ewallet, ewalletSays),
    sync &&
      syncSays &&
      judgeSync({ hop: 'sync', subject: sync.name, maxAgeSeconds: sync.maxAgeSeconds }, syncSays, now),
    airbyte &&
      airbyteSays &&
      judgeSync(
        { hop: 'airbyte', subject: airbyte.connectionId, maxAgeSeconds: airbyte.maxAgeSeconds },
        airbyteSays,
        now,
      ),
    kafka && kafkaSays && judgeKafka(kafka.brokers.join(','), kafkaSays),
    registry && registrySays && judgeRegistry(withoutCredentials(registry.url), registrySays),
    realtime && flinkSays && judgeRealtime(realtime, flinkSays, now),
    sink && judgeSink(sink, { kafka: kafkaSays, warehouse: warehouseSays, instances }, now),
    ...streams,
    warehouse && warehouseSays && judgeWarehouse(warehouse, warehouseSays, now),
    dbt && dbtSays && judgeDbt(dbt.target, dbt.maxAgeSeconds, dbtSays, now),
    audit && warehouseSays && judgeAudit(audit.maxAgeSeconds, warehouseSays, now),
  ].filter((line) => line !== undefined);
}

async function askRegistry(options: RegistryOptions, limitMs: number): Promise<number> {
  const registry = new SchemaRegistry({ ...options, attempts: 1, timeoutMs: limitMs });
  try {
    return (await registry.subjects()).length;
  } finally {
    registry.close();
  }
}

async function landedOffsets(
  landing: Promise<Probe<WarehouseFacts>> | undefined,
): Promise<ReadonlyMap<string, number> | undefined> {
  const asked = await landing;
  if (asked?.kind !== 'answered' || asked.value.refused.includes('sink.offsets')) return undefined;
  return new Map(asked.value.partitions.map((at) => [partitionKey(at), at.nextOffset]));
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}
