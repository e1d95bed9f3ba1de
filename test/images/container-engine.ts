import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../support/command';
import { containerProcess } from './processes';

/** What the tests need to know of an image's configuration. */
export interface ImageConfiguration {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: readonly string[];
}

export interface RunOptions {
  readonly command: readonly string[];
  /** Host directory → directory in the container, as the platform mounts its files. */
  readonly volumes?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

export interface ContainerEngine {
  readonly name: string;
  /** A program that takes the arguments of `docker`, for what starts containers by itself. */
  readonly client: readonly [string, ...string[]];
  build(dockerfile: string, tag: string): void;
  configuration(tag: string): ImageConfiguration;
  /** On the host's network, as the services are on it. */
  run(tag: string, options: RunOptions): ChildProcessWithoutNullStreams;
  /** SIGTERM to the container's process 1, as an orchestrator sends it. */
  terminate(child: ChildProcessWithoutNullStreams): Promise<void>;
  remove(tags: readonly string[]): void;
}

export type FoundEngine = ContainerEngine | { readonly unavailable: string };

const minutes = 60_000;
const baseImage = 'docker.io/library/node:24-bookworm-slim';
/** Makes a stand-in base image where there is no registry; beside the checkout on machines that have it. */
const baseImageScript =
  process.env.EWALLET_BASE_IMAGE_SCRIPT ?? path.join(PROJECT_ROOT, '../shared/images/local-base-image');

/** Docker where an engine answers, buildah where the base image is or can be made, else why neither can work. */
export function findEngine(): FoundEngine {
  if (succeeds('docker', ['info', '--format', '{{.ServerVersion}}'])) {
    const hasBase =
      succeeds('docker', ['image', 'inspect', baseImage]) || succeeds('docker', ['pull', '--quiet', baseImage]);
    return hasBase ? docker : { unavailable: `docker cannot pull ${baseImage}` };
  }
  if (process.getuid?.() !== 0) return { unavailable: 'no docker engine answers, and buildah needs root here' };
  if (!hasBaseImage()) {
    if (!existsSync(baseImageScript)) {
      return { unavailable: `no docker engine answers, and buildah has no ${baseImage}` };
    }
    execFileSync(baseImageScript, [baseImage], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 10 * minutes });
  }
  return buildah;
}

function hasBaseImage(): boolean {
  return succeeds('buildah', ['inspect', '--type', 'image', baseImage]);
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: minutes });
    return true;
  } catch {
    return false;
  }
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 10 * minutes,
    maxBuffer: 64 * 1024 * 1024,
  });
}

interface EngineConfiguration {
  Entrypoint?: string[];
  Cmd?: string[];
  User?: string;
  Labels?: Record<string, string>;
  Env?: string[];
  Healthcheck?: { Test?: string[] };
}

function configurationOf(config: EngineConfiguration): ImageConfiguration {
  return {
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    user: config.User ?? '',
    labels: config.Labels ?? {},
    environment: Object.fromEntries(
      (config.Env ?? []).map((variable) => {
        const equals = variable.indexOf('=');
        return [variable.slice(0, equals), variable.slice(equals + 1)];
      }),
    ),
    healthcheck: config.Healthcheck?.Test ?? [],
  };
}

const docker: ContainerEngine = {
  name: 'docker',
  client: ['docker'],
  build: (dockerfile, tag) => void output('docker', ['build', '--quiet', '--file', dockerfile, '--tag', tag, '.']),
  configuration: (tag) => {
    const [image] = JSON.parse(output('docker', ['image', 'inspect', tag])) as { Config: EngineConfiguration }[];
    return configurationOf(image!.Config);
  },
  run: (tag, { command, volumes = {}, workingDirectory = '/app' }) =>
    spawn('docker', [
      ...['run', '--rm', '--interactive', '--read-only', '--tmpfs', '/tmp', '--network', 'host'],
      ...['--workdir', workingDirectory],
      ...Object.entries(volumes).flatMap(([host, inside]) => ['--volume', `${host}:${inside}`]),
      ...['--entrypoint', command[0]!, tag, ...command.slice(1)],
    ]),
  // The client passes signals on to the container.
  terminate: (child) => Promise.resolve(void child.kill('SIGTERM')),
  remove: (tags) => void output('docker', ['image', 'rm', '--force', ...tags]),
};

/** One working container an image; buildah runs a command in it without a daemon. */
const workingContainers = new Map<string, string>();

const isolation = ['--isolation', 'chroot'];

const buildah: ContainerEngine = {
  name: 'buildah',
  client: [process.execPath, path.join(__dirname, 'buildah-as-docker.mjs')],
  // The docker format, as OCI's has no HEALTHCHECK; layers, so that the shared first stage is built once.
  build: (dockerfile, tag) =>
    void output('buildah', [
      ...['build', '--quiet', '--pull-never', '--layers', '--format', 'docker', ...isolation],
      ...['--file', dockerfile, '--tag', tag, '.'],
    ]),
  configuration: (tag) => {
    const image = JSON.parse(output('buildah', ['inspect', '--type', 'image', tag])) as {
      Docker: { config: EngineConfiguration };
    };
    return configurationOf(image.Docker.config);
  },
  run: (tag, { command, volumes = {}, workingDirectory = '/app' }) => {
    const container = workingContainers.get(tag) ?? output('buildah', ['from', '--pull-never', tag]).trim();
    workingContainers.set(tag, container);
    return spawn('buildah', [
      ...['run', ...isolation, '--workingdir', workingDirectory],
      ...Object.entries(volumes).flatMap(([host, inside]) => ['--volume', `${host}:${inside}`]),
      ...[container, '--', ...command],
    ]);
  },
  // buildah does not pass signals on from chroot isolation, so the process is looked up below it.
  terminate: async (child) => {
    const pid = await containerProcess(child.pid!);
    if (pid === undefined) throw new Error('nothing runs in the container');
    process.kill(pid, 'SIGTERM');
  },
  remove: (tags) => {
    for (const container of workingContainers.values()) output('buildah', ['rm', container]);
    workingContainers.clear();
    output('buildah', ['rmi', '--force', ...tags]);
  },
};
