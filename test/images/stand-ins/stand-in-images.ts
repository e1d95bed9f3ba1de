import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { provideJars } from '@ewallet/local-stack';
import { APICURIO_VERSION, KAFKA_VERSION } from '../../../tools/local-stack/src/jars';
import { INSTALLED_VERSION, postgresBinaries } from '../../../tools/local-stack/src/postgresql-binaries';

/** The image of PostgreSQL that compose.yaml names; the tests' containers name the major version alone. */
const POSTGRES_IMAGE = '18.4';

/**
 * Images of what local-stack runs as child processes, under the names that compose.yaml and testcontainers ask for. Layers are
 * kept: a second time takes seconds.
 */
export async function buildStandIns(): Promise<void> {
  const { kafkaClasspath, registryJar } = await provideJars(() => undefined);
  build('postgres', { server: await postgresBinaries(INSTALLED_VERSION, undefined) }, [
    `docker.io/library/postgres:${POSTGRES_IMAGE}`,
    `docker.io/library/postgres:${INSTALLED_VERSION}`,
  ]);
  build('kafka', { jars: path.dirname(kafkaClasspath) }, [`docker.io/apache/kafka:${KAFKA_VERSION}`]);
  build('registry', { jars: path.dirname(registryJar) }, [
    `docker.io/apicurio/apicurio-registry-sql:${APICURIO_VERSION}`,
    `docker.io/apicurio/apicurio-registry-mem:${APICURIO_VERSION}`,
  ]);
}

function build(part: string, contexts: Readonly<Record<string, string>>, tags: readonly string[]): void {
  execFileSync(
    'buildah',
    [
      ...['build', '--quiet', '--pull-never', '--layers', '--format', 'docker', '--isolation', 'chroot'],
      ...Object.entries(contexts).flatMap(([name, folder]) => ['--build-context', `${name}=${folder}`]),
      ...tags.flatMap((tag) => ['--tag', tag]),
      ...['--file', path.join(__dirname, `${part}.Containerfile`), __dirname],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: 600_000 },
  );
}
