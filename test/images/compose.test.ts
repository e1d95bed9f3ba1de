import { execFileSync } from 'node:child_process';
import { eventually } from '../support/eventually';
import { freePort } from '../support/free-port';
import { PROJECT_ROOT, runProgram } from '../support/command';
import { uniqueName } from '../support/unique-name';
import { Podman, podmanUnavailable } from './podman';
import { buildStandIns } from './stand-ins/stand-in-images';

/**
 * compose.yaml as it is, and testcontainers as they are, on podman: where no registry can be reached, images of local-stack's
 * servers stand in for PostgreSQL, Kafka and the registry. Metabase has none.
 */
jest.setTimeout(1_200_000);

const unavailable = podmanUnavailable();
const suite = unavailable === undefined ? describe : describe.skip;

const SERVICES = ['wallet-db', 'warehouse', 'kafka', 'schema-registry', 'sink', 'wallet-history', 'simulator'];
const OWN = { 'sink-warehouse': 'Dockerfile.sink', jobs: 'Dockerfile.jobs' };

suite(unavailable === undefined ? 'compose.yaml, by podman' : `compose.yaml: SKIPPED, ${unavailable}`, () => {
  const project = uniqueName('compose');
  let podman: Podman;
  let settings: Record<string, string>;

  beforeAll(async () => {
    podman = await Podman.open();
    await buildStandIns();
    for (const [name, dockerfile] of Object.entries(OWN)) {
      const args = ['build', '--quiet', '--pull-never', '--layers', '--format', 'docker', '--isolation', 'chroot'];
      const tag = `docker.io/ewallet/${name}:${project}`;
      execFileSync('buildah', [...args, '--file', dockerfile, '--tag', tag, '.'], {
        cwd: PROJECT_ROOT,
        stdio: 'ignore',
      });
    }
    settings = { EWALLET_VERSION: project, SIMULATOR_ROWS: '500', SIMULATOR_RATE: '2', SYNC_EVERY_SECONDS: '10' };
    for (const name of ['WALLET_DB', 'WAREHOUSE', 'KAFKA', 'SCHEMA_REGISTRY', 'SINK', 'STATUS'])
      settings[`${name}_PORT`] = String(await freePort());
  });
  afterAll(async () => {
    await podman.compose(settings, '-p', project, 'down', '--volumes', '--timeout', '1');
    await podman.run('rmi', '--force', ...Object.keys(OWN).map((name) => `docker.io/ewallet/${name}:${project}`));
    await podman.close();
  });

  async function named(kind: 'ps' | 'volume' | 'network'): Promise<readonly string[]> {
    const all = kind === 'ps' ? ['ps', '--all', '--format={{.Names}}'] : [kind, 'ls', '--format={{.Name}}'];
    return (await podman.run(...all)).stdout.split('\n').filter((name) => name.startsWith(`${project}_`));
  }

  test('it starts whole, syncs and builds the marts, is healthy, and `down --volumes` leaves nothing', async () => {
    const compose = async (...args: readonly string[]) => podman.compose(settings, '-p', project, ...args);
    const up = await compose('up', '--detach', '--no-build', ...SERVICES, 'scheduler', 'status');
    expect({ code: up.code, said: up.code === 0 ? '' : up.stderr.slice(-4000) }).toEqual({ code: 0, said: '' });
    expect((await podman.waitUntilHealthy(`${project}_scheduler_1`)).code).toBe(0);
    const command = ['ewallet-pipeline', 'status', '--json', '--config', '/config/pipeline.json'];
    // Each look has seconds for an answer, which a machine with a build beside it may not give the first time.
    await eventually(
      async () => {
        const { code, stdout, stderr } = await compose('exec', '-T', 'status', ...command);
        if (code !== 0) throw new Error(`exit code ${String(code)}: ${stdout}${stderr}`);
        expect((JSON.parse(stdout) as { verdict: string }).verdict).toBe('healthy');
      },
      { everyMs: 2_000 },
    );
    expect(await named('ps')).toHaveLength(SERVICES.length + 2);
    expect((await compose('down', '--volumes')).code).toBe(0);
    expect([await named('ps'), await named('volume'), await named('network')]).toEqual([[], [], []]);
  });

  test('EWALLET_TEST_PROVIDER=docker runs an integration suite on containers', async () => {
    const { code, stderr } = await runProgram(
      'npx',
      ['jest', 'test/integration/postgres', '--selectProjects', 'integration'],
      {
        env: {
          DOCKER_HOST: await podman.serve(),
          EWALLET_TEST_PROVIDER: 'docker',
          // The reaper is one more image; this test's containers end with their run.
          TESTCONTAINERS_RYUK_DISABLED: 'true',
        },
        timeoutMs: 600_000,
      },
    );
    expect({ code, said: code === 0 ? '' : stderr.slice(-4000) }).toEqual({ code: 0, said: '' });
  });
});
