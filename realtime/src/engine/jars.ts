import { cacheDirectory, copyDependencies, intoPlace, type Dependency } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { JAR_SHA256 } from './jar-manifest';

const FLINK_VERSION = '2.2.1';
/** 2.2.1 of this one is not on Maven Central. */
const FLINK_AVRO_VERSION = '2.2.0';
const KAFKA_CONNECTOR_VERSION = '5.0.0-2.2';
const LOG4J_VERSION = '2.24.3';

/** What flink-dist would hold, which Maven Central does not have. */
const FLINK_ARTIFACTS = [
  'flink-clients',
  'flink-container',
  'flink-statebackend-rocksdb',
  'flink-runtime-web',
  'flink-table-planner-loader',
  'flink-table-runtime',
  'flink-table-api-java-bridge',
  'flink-sql-gateway',
  'flink-cep',
  'flink-connector-files',
  'flink-metrics-prometheus',
] as const;

/**
 * Flink's jars, downloaded from Maven when they are missing, each checked against the manifest.
 *
 * @returns the classpath
 */
export async function provideFlink(say: (line: string) => void, cache = cacheDirectory()): Promise<string> {
  const folder = path.join(cache, `flink-${FLINK_VERSION}`);
  if (!existsSync(folder)) {
    say(`downloading Flink ${FLINK_VERSION} with Maven (once, about 200 MB)`);
    await intoPlace(folder, download);
  }
  return path.join(folder, '*');
}

async function download(folder: string): Promise<void> {
  const flink = (artifact: string, version = FLINK_VERSION): Dependency => ({
    group: 'org.apache.flink',
    artifact,
    version,
  });
  const log4j = (artifact: string): Dependency => ({
    group: 'org.apache.logging.log4j',
    artifact,
    version: LOG4J_VERSION,
  });
  const dependencies = [
    ...FLINK_ARTIFACTS.map((artifact) => flink(artifact)),
    flink('flink-sql-connector-kafka', KAFKA_CONNECTOR_VERSION),
    // It holds what it needs; its pom names other versions of that.
    { ...flink('flink-sql-avro-confluent-registry', FLINK_AVRO_VERSION), alone: true as const },
    log4j('log4j-slf4j-impl'),
    log4j('log4j-core'),
    log4j('log4j-1.2-api'),
  ];
  await copyDependencies('Flink', dependencies, folder);
  await verify(folder);
}

/** @throws Failure where a jar is missing, is one too many, or is not the one that was tested */
async function verify(folder: string): Promise<void> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) found.set(name, await sha256(path.join(folder, name)));
  const wrong = new Set([
    ...Object.entries(JAR_SHA256).flatMap(([name, sum]) => (found.get(name) === sum ? [] : [name])),
    ...[...found.keys()].filter((name) => JAR_SHA256[name] === undefined),
  ]);
  if (wrong.size === 0) return;
  throw Failure.config(
    `Maven gave other jars than the pinned ones: ${[...wrong].join(', ')}. Check the repository that Maven's settings name.`,
  );
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
