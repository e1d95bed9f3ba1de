import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT, runProgram, type CommandResult } from '../support/command';
import { eventually } from '../support/eventually';
import { findEngine } from './container-engine';

const compose = path.join(PROJECT_ROOT, '.venv-test/bin/podman-compose');
const wrapper = path.join(__dirname, 'stand-ins/podman-for-compose.sh');

/** Why podman cannot stand in for Docker here, or nothing. */
export function podmanUnavailable(): string | undefined {
  if (process.env.EWALLET_LONG !== '1') return 'EWALLET_LONG is not set';
  const missing = ['podman', 'runc', '/usr/lib/podman/netavark', '/usr/lib/podman/aardvark-dns', compose].filter(
    (program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0,
  );
  if (missing.length > 0) return `${missing.join(', ')} is missing`;
  const engine = findEngine();
  if ('unavailable' in engine) return engine.unavailable;
  return engine.name === 'buildah' ? undefined : 'a docker engine answers, which needs no stand-ins';
}

/** podman with settings of its own: no limit is above this process's own, which not every root may raise. */
export class Podman {
  private service: ChildProcess | undefined;

  private constructor(
    private readonly directory: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async open(): Promise<Podman> {
    const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-podman-'));
    const limit = (flag: string): string =>
      spawnSync('bash', ['-c', `ulimit -H${flag}`], { encoding: 'utf8' }).stdout.trim();
    const files = Math.min(Number(limit('n')) || 20_000, 20_000);
    const processes = Math.min(Number(limit('u')) || 30_000, 30_000);
    await writeFile(
      path.join(directory, 'containers.conf'),
      `[engine]\nruntime = "runc"\n[containers]\nlog_driver = "k8s-file"\n` +
        `default_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]\n` +
        '[network]\nnetwork_backend = "netavark"\n',
    );
    await writeFile(path.join(directory, 'registries.conf'), 'unqualified-search-registries = ["docker.io"]\n');
    return new Podman(directory, {
      CONTAINERS_CONF: path.join(directory, 'containers.conf'),
      CONTAINERS_REGISTRIES_CONF: path.join(directory, 'registries.conf'),
      DISABLE_HC_SYSTEMD: 'true',
      PODMAN: 'podman',
    });
  }

  run(...args: readonly string[]): Promise<CommandResult> {
    return runProgram('podman', args, { env: this.environment, timeoutMs: 600_000 });
  }

  compose(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<CommandResult> {
    const words = ['--podman-path', wrapper, ...args];
    return runProgram(compose, words, { env: { ...this.environment, ...env }, timeoutMs: 600_000 });
  }

  /** Runs the container's own health check until it passes. */
  waitUntilHealthy(container: string): Promise<CommandResult> {
    const args = ['wait', '--condition=healthy', container];
    return runProgram(wrapper, args, { env: this.environment, timeoutMs: 600_000 });
  }

  /** The socket that a client of Docker takes for Docker's. */
  async serve(): Promise<string> {
    const socket = path.join(this.directory, 'podman.sock');
    this.service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
      env: { ...process.env, ...this.environment },
      stdio: 'ignore',
    });
    await eventually(() => (existsSync(socket) ? Promise.resolve() : Promise.reject(new Error('no socket yet'))));
    return `unix://${socket}`;
  }

  async close(): Promise<void> {
    this.service?.kill('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }
}
