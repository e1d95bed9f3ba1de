import { Failure } from '@ewallet/failure';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Jars come from Maven once and stay in the cache: $EWALLET_CACHE_DIR, or `.cache` beside the nearest
 * package-lock.json above this file.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.EWALLET_CACHE_DIR !== undefined) return path.resolve(env.EWALLET_CACHE_DIR);
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package-lock.json'))) {
    const above = path.dirname(folder);
    if (above === folder) return path.resolve('.cache');
    folder = above;
  }
  return path.join(folder, '.cache');
}

/** Fills a directory of its own and renames it, so that a download that was killed leaves nothing half done. */
export async function intoPlace(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.`);
  try {
    await fill(folder);
    await rename(folder, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error; // Another process was faster: its copy is as good.
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param wanted what the jars are for, where Maven is missing */
export async function maven(wanted: string, ...args: string[]): Promise<void> {
  try {
    await run('mvn', ['--batch-mode', '--quiet', ...args], { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw Failure.config(`Maven is needed to download ${wanted}: "mvn" does not run (install Maven 3.6 or later)`);
    }
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    const reason = output.split('\n').find((line) => line.includes('ERROR')) ?? String(error);
    throw Failure.transient(`Maven could not download the jars: ${reason.trim()}`, { cause: error });
  }
}

/** A library on Maven Central. */
export interface Dependency {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Whether the libraries that its pom names are left out. */
  readonly alone?: true;
}

/** Puts the jars of libraries, and of what these need, into a folder. */
export async function copyDependencies(
  wanted: string,
  dependencies: readonly Dependency[],
  folder: string,
): Promise<void> {
  const pom = path.join(folder, 'pom.xml');
  await writeFile(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ewallet</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <dependencies>
    ${dependencies.map(dependencyXml).join('\n    ')}
  </dependencies>
</project>
`,
  );
  await maven(
    wanted,
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  );
  await rm(pom);
}

const NOTHING_ELSE = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';

function dependencyXml({ group, artifact, version, alone }: Dependency): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${alone === true ? NOTHING_ELSE : ''}</dependency>`;
}
