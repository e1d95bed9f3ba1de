import { Failure } from '@ewallet/failure';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Kafka 4 brokers and Apicurio 2.6 need 17. */
const OLDEST = 17;

/** The java to run, from JAVA_HOME or the PATH. Throws a config failure of one line where it is missing or too old. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const java = env.JAVA_HOME === undefined ? 'java' : path.join(env.JAVA_HOME, 'bin', 'java');
  const version = await javaVersion(java);
  if (version === undefined) {
    throw Failure.config(`Java ${OLDEST} or later is needed: "${java}" does not run (install a JRE, or set JAVA_HOME)`);
  }
  if (version < OLDEST) {
    throw Failure.config(
      `Java ${OLDEST} or later is needed: "${java}" is version ${version} (set JAVA_HOME to a later one)`,
    );
  }
  return java;
}

async function javaVersion(java: string): Promise<number | undefined> {
  try {
    const { stdout, stderr } = await run(java, ['-version']);
    // "17.0.15" since Java 9, "1.8.0_412" before.
    const match = /version "(?:1\.)?(\d+)/.exec(stderr + stdout);
    return match?.[1] === undefined ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
