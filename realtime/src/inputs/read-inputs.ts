import { topicName, type SchemaRegistry } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { RealtimeConfig } from '../config/realtime-config';
import { inputOf, INPUTS, neededBy, type Input } from './input-types';

/**
 * The inputs that the chosen results need, typed as the registry has them now.
 *
 * @throws Failure config_error where a topic was never written, or has not the columns that are needed
 */
export async function readInputs(config: RealtimeConfig, registry: SchemaRegistry): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  for (const [name, columns] of neededBy(config.products)) {
    const topic = topicName(config.topicPattern, { name: INPUTS[name].stream, namespace: config.namespace });
    const [key, value] = [await registry.latest(`${topic}-key`), await registry.latest(`${topic}-value`)];
    if (key === undefined || value === undefined) {
      throw Failure.config(
        `Topic ${topic} has no schema in the registry: it was never written, or with another \`topic_pattern\` or \`namespace\`. Sync the stream "${INPUTS[name].stream}" with a primary key first.`,
      );
    }
    inputs.push(inputOf(name, columns, topic, { key: key.schema, value: value.schema }));
  }
  return inputs;
}
