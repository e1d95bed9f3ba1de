import { SchemaRegistry } from '@ewallet/avro';
import type { RealtimeConfig } from '../config/realtime-config';
import { registerSchemas } from '../engine/schemas';
import { provideTopics } from '../engine/topics';
import { readInputs } from '../inputs/read-inputs';
import { jobScript, productsOf } from '../script/script';

/** Makes topics and schemas of the results, so that they are right before the first record. @returns the job's SQL */
export async function prepareJob(config: RealtimeConfig): Promise<string> {
  const registry = new SchemaRegistry(config.registry);
  try {
    const inputs = await readInputs(config, registry);
    const products = productsOf(config, inputs);
    await registerSchemas(registry, config.topicPrefix, products);
    await provideTopics(
      config,
      products.map((product) => `${config.topicPrefix}.${product.name}`),
    );
    return jobScript(config, inputs);
  } finally {
    registry.close();
  }
}
