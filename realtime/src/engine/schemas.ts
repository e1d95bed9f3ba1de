import type { SchemaRegistry } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { keySchema, valueSchema, type Product } from '../products/product';

/**
 * Registers the results' schemas before anything is written, so that a change that would break readers fails here. Values
 * may grow under BACKWARD_TRANSITIVE; a key is frozen, as partitions are chosen by its bytes, the schema's id included.
 *
 * @throws Failure config_error where a key would change, or a value in a way that readers of older records cannot take
 */
export async function registerSchemas(
  registry: SchemaRegistry,
  prefix: string,
  products: readonly Product[],
): Promise<void> {
  for (const product of products) {
    const topic = `${prefix}.${product.name}`;
    const key = `${topic}-key`;
    if ((await registry.latest(key)) === undefined) await registry.register(key, keySchema(product));
    else if (!(await registry.holds(key, keySchema(product)))) {
      throw Failure.config(
        `The key of topic ${topic} would change, and with it the partition of every key. Choose another "topic_prefix", such as one with a version at its end.`,
      );
    }
    await registry.register(`${topic}-value`, valueSchema(product));
    for (const subject of [key, `${topic}-value`]) {
      if ((await registry.compatibility(subject)) !== 'BACKWARD_TRANSITIVE') {
        await registry.setCompatibility(subject, 'BACKWARD_TRANSITIVE');
      }
    }
  }
}
