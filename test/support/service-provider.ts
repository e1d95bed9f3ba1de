import {
  attachStack,
  parsePostgresVersion,
  startStack,
  type StackConnections,
  type StackOptions,
} from '@ewallet/local-stack';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startContainers } from './containers';

const run = promisify(execFile);

export interface RunningServices {
  readonly connections: StackConnections;
  stop(): Promise<void>;
}

type Provider = 'docker' | 'local' | 'kept';

/**
 * The one switch between the places that services come from. EWALLET_TEST_STACK=<dir> takes the stack that runs in a
 * directory (and starts it there when none does), for fast iteration; EWALLET_TEST_PROVIDER=docker|local decides; else
 * containers are taken where an engine answers and child processes where none does. The tests are the same.
 *
 * EWALLET_POSTGRES_VERSION=14 (to 18) chooses the version of both databases of a stack that is started as child processes.
 */
export async function startServices(env: NodeJS.ProcessEnv = process.env): Promise<RunningServices> {
  const provider = await chooseProvider(env);
  switch (provider) {
    case 'docker':
      return startContainers();
    case 'local':
      return startOwnStack(env);
    case 'kept':
      return useKeptStack(env.EWALLET_TEST_STACK ?? '', env);
  }
}

async function chooseProvider(env: NodeJS.ProcessEnv): Promise<Provider> {
  if (env.EWALLET_TEST_STACK !== undefined) return 'kept';
  const asked = env.EWALLET_TEST_PROVIDER;
  if (asked === 'docker' || asked === 'local') return asked;
  if (asked !== undefined) throw new Error(`EWALLET_TEST_PROVIDER is "${asked}"; it can be docker or local`);
  return (await dockerAnswers()) ? 'docker' : 'local';
}

/** A docker client alone is not enough: `docker info` fails where no engine answers it. */
async function dockerAnswers(): Promise<boolean> {
  return run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

async function startOwnStack(env: NodeJS.ProcessEnv): Promise<RunningServices> {
  const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-test-'));
  const stack = await startStack({ dir, ...databases(env), say: (line) => process.stderr.write(`${line}\n`) });
  return {
    connections: stack.connections,
    stop: async () => {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function databases(env: NodeJS.ProcessEnv): Pick<StackOptions, 'source' | 'warehouse'> {
  const { EWALLET_POSTGRES_VERSION: asked } = env;
  if (asked === undefined) return {};
  const version = parsePostgresVersion(asked);
  return { source: { version }, warehouse: { version } };
}

async function useKeptStack(dir: string, env: NodeJS.ProcessEnv): Promise<RunningServices> {
  const stack =
    (await attachStack(dir)) ??
    (await startStack({ dir, ...databases(env), outlive: true, say: (line) => process.stderr.write(`${line}\n`) }));
  return { connections: stack.connections, stop: () => Promise.resolve() };
}
