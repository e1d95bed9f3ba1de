import { readFile } from 'node:fs/promises';
import type { ConnectorConfig } from './connector-config';

/** A connector's own configuration; undefined where its file cannot be read or is not JSON: the connector says so better. */
export async function connectorSettings({ config }: ConnectorConfig): Promise<unknown> {
  if (config.kind === 'inline') return config.value;
  try {
    return JSON.parse(await readFile(config.path, 'utf8'));
  } catch {
    return undefined;
  }
}
