import { Failure } from '@ewallet/failure';
import { SchemaRegistry } from '@ewallet/avro';
import { DEFAULT_PATIENCE, openCluster } from '@ewallet/kafka';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { differencesOf, isEqual } from '../reconcile/expected-rows';
import { reconcile } from '../reconcile/reconcile';
import { failureWithKafka } from '../run/kafka-failure';
import { nothingLanded } from '../state/fences';
import { withWarehouse } from '../state/with-warehouse';

/** Prints one line per topic; a difference is a failure, and the exit code says so. */
export async function reconcileCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  const registry = new SchemaRegistry(config.registry);
  const cluster = openCluster(config.kafka, DEFAULT_PATIENCE, () => undefined);
  const different: string[] = [];
  let compared = 0;
  try {
    await cluster.connect();
    await withWarehouse(config, async (client) => {
      for await (const report of reconcile(config, client, cluster, registry)) {
        const { topic, table, records, expected, found, deadLetters } = report;
        compared += 1;
        const verdict = differencesOf(report);
        if (!isEqual(report)) different.push(topic);
        process.stdout.write(`${JSON.stringify({ topic, table, records, deadLetters, expected, found, verdict })}\n`);
      }
    });
  } catch (error) {
    throw failureWithKafka(error, config.kafka.brokers);
  } finally {
    registry.close();
    await cluster.disconnect();
  }
  if (compared === 0) throw Failure.config(`Nothing to compare. ${nothingLanded(config.name)}`);
  if (different.length > 0) {
    throw Failure.system(`Kafka and the warehouse differ in ${different.join(', ')}.`);
  }
}
