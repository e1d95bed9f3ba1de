import { cacheDirectory, copyDependencies, intoPlace, maven } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const KAFKA_VERSION = '4.1.0';
export const APICURIO_VERSION = '2.6.13.Final';
const WANTED = 'Kafka and the schema registry';
const LOG4J_VERSION = '2.24.3';

export interface Jars {
  /** Every jar of the broker and of its command line tools. */
  readonly kafkaClasspath: string;
  readonly registryJar: string;
}

/** The broker's and the registry's jars, downloaded when they are missing. `say` hears what takes time. */
export async function provideJars(say: (line: string) => void, cache = cacheDirectory()): Promise<Jars> {
  const kafka = path.join(cache, `kafka-${KAFKA_VERSION}`);
  const registry = path.join(cache, `apicurio-${APICURIO_VERSION}`);
  await mkdir(cache, { recursive: true });
  if (!existsSync(kafka)) {
    say(`downloading Kafka ${KAFKA_VERSION} with Maven (once)`);
    await intoPlace(kafka, downloadKafka);
  }
  if (!existsSync(registry)) {
    say(`downloading Apicurio Registry ${APICURIO_VERSION} with Maven (once)`);
    await intoPlace(registry, downloadRegistry);
  }
  return {
    kafkaClasspath: path.join(kafka, '*'),
    registryJar: path.join(registry, `apicurio-registry-app-${APICURIO_VERSION}-runner.jar`),
  };
}

async function downloadKafka(folder: string): Promise<void> {
  const kafka = { group: 'org.apache.kafka', version: KAFKA_VERSION };
  const dependencies = [
    { ...kafka, artifact: 'kafka_2.13' },
    { ...kafka, artifact: 'kafka-tools' },
    { group: 'org.apache.logging.log4j', artifact: 'log4j-slf4j-impl', version: LOG4J_VERSION },
  ];
  await copyDependencies(WANTED, dependencies, folder);
}

async function downloadRegistry(folder: string): Promise<void> {
  const artifact = `io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all`;
  await maven(WANTED, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`);
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw Failure.system(`Maven copied no archive of ${artifact}`);
  await run('tar', ['-xzf', path.join(folder, archive), '-C', folder]);
  await rm(path.join(folder, archive));
}
