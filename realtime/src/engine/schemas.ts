import type { SchemaRegistry } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { keySchema, valueSchema, type Product } from '../products/product';

/** Ids of a product's schemas in the registry. */
export interface SchemaIds {
  readonly key: number;
  readonly value: number;
}

/**
 * Registers a result's schemas before anything is written, so that a change that would break readers fails here. Values
 * may grow under BACKWARD_TRANSITIVE; a key is frozen, as partitions are chosen by its bytes, the schema's id included.
 *
 * @throws Failure config_error where a key would change, or a value in a way that readers of older records cannot take
 */
export async function registerSchemas(registry: SchemaRegistry, prefix: string, product: Product): Promise<SchemaIds> {
  const topic = `${prefix}.${product.name}`;
  const subjects = { key: `${topic}-key`, value: `${topic}-value` };
  const isNew = (await registry.latest(subjects.key)) === undefined;
  if (!isNew && !(await registry.holds(subjects.key, keySchema(product)))) {
    throw Failure.config(
      `The key of topic ${topic} would change, and with it the partition of every key. Choose another \`topic_prefix\`, such as one with a version at its end.`,
    );
  }
  const key = await registry.register(subjects.key, keySchema(product));
  const value = await registry.register(subjects.value, valueSchema(product));
  for (const subject of Object.values(subjects)) {
    if ((await registry.compatibility(subject)) !== 'BACKWARD_TRANSITIVE') {
      await registry.setCompatibility(subject, 'BACKWARD_TRANSITIVE');
    }
  }
  return { key, value };
}
