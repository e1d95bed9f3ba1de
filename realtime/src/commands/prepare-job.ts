import { SchemaRegistry } from '@ewallet/avro';
import type { RealtimeConfig } from '../config/realtime-config';
import { registerSchemas } from '../engine/schemas';
import { provideTopics } from '../engine/topics';
import { readInputs } from '../inputs/read-inputs';
import { RULE_PRODUCTS } from '../products/rule-products';
import { jobScript, productsOf } from '../script/script';

/** Makes topics and schemas of the results, so that they are right before the first record. @returns the job's SQL */
export async function prepareJob(config: RealtimeConfig): Promise<string> {
  const registry = new SchemaRegistry(config.registry);
  try {
    const inputs = await readInputs(config, registry);
    // The job reads rules from their topic, which must be there though no rule was ever set.
    const products = [...productsOf(config, inputs), ...(config.rules === undefined ? [] : RULE_PRODUCTS)];
    for (const product of products) await registerSchemas(registry, config.topicPrefix, product);
    await provideTopics(
      config,
      products.map((product) => `${config.topicPrefix}.${product.name}`),
    );
    return jobScript(config, inputs);
  } finally {
    registry.close();
  }
}
