import type { Launch } from '@ewallet/child-services';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Apicurio keeps its schemas in a file database: with the default, in memory, a restart would forget the ids that
 * records in Kafka carry.
 */
export async function prepareSchemaRegistry(
  folder: string,
  port: number,
  { java, jar }: { readonly java: string; readonly jar: string },
): Promise<Launch> {
  await mkdir(folder, { recursive: true });
  return {
    command: java,
    args: [
      '-Xmx256m',
      // It starts once and then waits for few requests: the first compiler is enough, and starts it sooner.
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-Dquarkus.datasource.jdbc.initial-size=2',
      '-Dquarkus.datasource.jdbc.min-size=2',
      '-jar',
      jar,
    ],
    env: { REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${path.join(folder, 'data')}` },
    cwd: folder,
    logFile: path.join(folder, 'registry.log'),
    stopSignal: 'SIGTERM',
  };
}

/** Resolves when the registry answers Confluent's API. */
export async function probeSchemaRegistry(url: string): Promise<void> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`the registry answers ${response.status}`);
  await response.arrayBuffer();
}
