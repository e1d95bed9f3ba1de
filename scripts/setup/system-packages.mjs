import { spawnSync } from 'node:child_process';
import { runStep, say } from './step.mjs';

/** Programs of the operating system that some tests drive. Without one of them those tests are skipped, visibly. */
const PROGRAMS = [
  { program: 'chromium', package: 'chromium', use: 'open the dashboards in a browser' },
  { program: '/usr/sbin/sshd', package: 'openssh-server', use: 'connect through an SSH tunnel' },
  { program: 'buildah', package: 'buildah', use: 'build the images' },
  { program: 'kcat', package: 'kcat', use: 'read topics with kcat' },
  { program: 'pgbouncer', package: 'pgbouncer', use: 'read through a connection pooler' },
  { program: 'pgpool', package: 'pgpool2', use: 'read through Pgpool-II' },
  { program: 'faketime', package: 'faketime', use: 'let the clocks of servers and programs jump' },
  { program: 'promtool', package: 'prometheus', use: 'check metrics and make alerts fire' },
  {
    program: 'prometheus-node-exporter',
    package: 'prometheus-node-exporter',
    use: 'fill a disk until its alert fires',
  },
  { program: 'psql', package: 'postgresql-client', use: "compare with PostgreSQL's own client" },
  ...(process.env.EWALLET_LONG === '1' ? podman() : []),
];

/** Only the long suite starts containers. Each part by itself: buildah's package brings another runtime. */
function podman() {
  const use = 'start compose.yaml and testcontainers on podman';
  return [
    { program: 'podman', package: 'podman', use },
    { program: 'runc', package: 'runc', use },
    { program: '/usr/lib/podman/netavark', package: 'netavark', use },
    { program: '/usr/lib/podman/aardvark-dns', package: 'aardvark-dns', use },
  ];
}

/** Installs what is missing where this user may (root on Debian); says so, and what will be skipped, where not. */
export async function provideSystemPackages() {
  const missing = PROGRAMS.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.package);
  const mayInstall = process.getuid?.() === 0 && isInstalled('apt-get');
  if (mayInstall && (await install(names))) return;
  for (const { program, package: name, use } of missing.filter((entry) => !isInstalled(entry.program))) {
    say(`${program} is missing: tests that ${use} are skipped (Debian package ${name})`);
  }
}

async function install(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await runStep(`Installing for the tests: ${names.join(', ')}`, 'apt-get', ['update', '-qq'], { env });
    await runStep(undefined, 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

function isInstalled(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}
