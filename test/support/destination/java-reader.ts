import { cacheDirectory, findJava, provideJars } from '@ewallet/local-stack';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const AVRO = 'org.apache.avro:avro:1.12.0';

/** Apache's Avro for Java, from Maven once, beside the broker's jars. */
async function avroFolder(): Promise<string> {
  const target = path.join(cacheDirectory(), 'avro-1.12.0');
  if (existsSync(target)) return target;
  await mkdir(cacheDirectory(), { recursive: true });
  const folder = await mkdtemp(`${target}.`);
  try {
    await run('mvn', [
      '--batch-mode',
      '--quiet',
      'dependency:copy',
      `-Dartifact=${AVRO}`,
      `-DoutputDirectory=${folder}`,
    ]);
    await rename(folder, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compiles a Java program of one class into `dir`. @returns a function that runs it and gives the lines that it prints */
export async function compileJava(
  className: string,
  source: string,
  dir: string,
): Promise<(...args: readonly string[]) => Promise<readonly string[]>> {
  const { kafkaClasspath } = await provideJars(() => undefined);
  const classpath = [dir, kafkaClasspath, path.join(await avroFolder(), '*')].join(path.delimiter);
  const file = path.join(dir, `${className}.java`);
  await writeFile(file, source);
  const java = await findJava();
  await run(java, ['-cp', classpath, '-m', 'jdk.compiler/com.sun.tools.javac.Main', '-d', dir, file]);
  return async (...args) => {
    const { stdout } = await run(java, ['-cp', classpath, '-Xmx128m', className, ...args]);
    return stdout.split('\n').filter((line) => line !== '');
  };
}
