import { SchemaRegistry } from '@ewallet/avro';
import type { RealtimeConfig } from '../config/realtime-config';
import { readInputs } from '../inputs/read-inputs';
import { jobScript } from '../script/script';

/** The job's SQL for the topics as they are now. */
export async function render(config: RealtimeConfig): Promise<string> {
  const registry = new SchemaRegistry(config.registry);
  try {
    return jobScript(config, await readInputs(config, registry));
  } finally {
    registry.close();
  }
}
