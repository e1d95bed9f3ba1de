import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { DEFAULT_PATIENCE, openCluster, readTopic } from '@ewallet/kafka';
import type { RealtimeConfig } from '../config/realtime-config';
import { kafkajsSecurity } from '../config/security';

export type ResultRow = Readonly<Record<string, unknown>>;

/**
 * What a result's topic says now: the newest committed value of each key, without those that a tombstone took back.
 *
 * @returns values as they are decoded: numbers or bigints, decimals as exact text, times in microseconds
 */
export async function readResult(config: RealtimeConfig, product: string): Promise<readonly ResultRow[]> {
  const topic = `${config.topicPrefix}.${product}`;
  const { ssl, sasl } = kafkajsSecurity(config.security);
  const cluster = openCluster(
    {
      brokers: config.bootstrapServers.split(','),
      clientId: 'ewallet-realtime-verify',
      ssl: ssl ?? false,
      sasl,
      requestTimeoutMs: 30_000,
    },
    DEFAULT_PATIENCE,
    () => undefined,
  );
  const registry = new SchemaRegistry(config.registry);
  const framed = new FramedReader(registry);
  const rows = new Map<string, ResultRow>();
  try {
    await cluster.connect();
    for await (const record of readTopic(cluster, topic)) {
      // Copies: the cursor's bytes are those of the next record soon.
      const key = record.bytes.toString('base64', record.keyStart, record.keyEnd);
      if (record.keyStart < 0) continue;
      if (record.valueStart < 0) rows.delete(key);
      else
        rows.set(
          key,
          (await framed.read(Buffer.from(record.bytes.subarray(record.valueStart, record.valueEnd)))) as ResultRow,
        );
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw Failure.transient(`Topic ${topic} could not be read: ${reason}.`, { cause: error });
  } finally {
    registry.close();
    await cluster.disconnect();
  }
  return [...rows.values()];
}
