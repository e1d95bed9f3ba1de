import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath, PROJECT_ROOT } from '../support/command';
import { destinationConfig, sinkConfig, sourceConfig, warehouseEnvironment } from '../support/configurations';
import { eventually } from '../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../support/fresh-database';
import { contractColumns } from '../support/metabase/columns';
import { MetabaseDouble } from '../support/metabase/double';
import { services } from '../support/services';
import { uniqueName } from '../support/unique-name';
import { findEngine } from './container-engine';

/**
 * The jobs image, which is what compose and Kubernetes run on a schedule: compose's own commands in it, on the real
 * services. Its Python takes minutes to install, so it belongs to the long suite.
 */
jest.setTimeout(900_000);

const found = process.env.EWALLET_LONG === '1' ? findEngine() : { unavailable: 'EWALLET_LONG is not set' };
const engine = 'unavailable' in found ? undefined : found;
const suite = engine === undefined ? describe.skip : describe;
const title = 'unavailable' in found ? `jobs image: SKIPPED, ${found.unavailable}` : `jobs image, by ${found.name}`;

suite(title, () => {
  const run = uniqueName('jobs');
  const tag = `localhost/${run}:test`;
  let directory: string;
  let wallet: FreshDatabase;
  let warehouse: FreshDatabase;

  beforeAll(async () => {
    engine!.build('Dockerfile.jobs', tag);
    const connections = await services();
    wallet = await freshDatabase(connections.source, 'wallet');
    warehouse = await freshDatabase(connections.warehouse, 'warehouse');
    directory = await mkdtemp(path.join(tmpdir(), 'ewallet-jobs-'));
    await chmod(directory, 0o755);
    for (const name of ['state', 'config']) {
      await mkdir(path.join(directory, name));
      await chmod(path.join(directory, name), 0o777); // the image's user is none of this machine's
    }
    await writeFile(
      path.join(directory, 'config', 'sync.json'),
      JSON.stringify({
        source: { config: sourceConfig(wallet) },
        destination: { config: destinationConfig(connections, `${run}.{stream}`) },
        state_directory: '/state',
      }),
    );
    const realtime = await readFile(path.join(PROJECT_ROOT, 'deploy/kubernetes/realtime/realtime.json'), 'utf8');
    await writeFile(
      path.join(directory, 'config', 'realtime.json'),
      realtime.replace('http://realtime-jobmanager:8081', 'http://127.0.0.1:1'),
    );
    await writeFile(path.join(directory, 'sink.json'), JSON.stringify(sinkConfig(connections, warehouse, run)));
  });
  afterAll(async () => {
    engine!.remove([tag]);
    await wallet.drop();
    await warehouse.drop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A command of compose.yaml, with its environment; what it says is kept for a failure's message. */
  function start(command: readonly string[], environment: Readonly<Record<string, string>>) {
    const child = engine!.run(tag, {
      command: ['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...command],
      volumes: { [path.join(directory, 'config')]: '/config', [path.join(directory, 'state')]: '/state' },
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    child.stdin.end();
    return { child, said, closed: once(child, 'close') };
  }

  async function finished(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
    const { said, closed } = start(command, environment);
    const [code] = (await closed) as [number | null];
    const text = said.join('');
    expect({ code, text: code === 0 ? '' : text.slice(-4000) }).toEqual({ code: 0, text: '' });
    return text;
  }

  test('it is unprivileged, says what it is, and holds neither sources, tests nor the linter', async () => {
    const { user, labels } = engine!.configuration(tag);
    expect([user, labels['org.opencontainers.image.title']]).toEqual(['node', 'jobs']);
    const unwanted = await finished(
      [
        '/bin/sh',
        '-c',
        `find /app -path '*/node_modules' -prune -o \\( -name '*.ts' -o -name '*.test.*' -o -name src -o -name '.env*' \\) -print
         ls -d /app/node_modules/typescript /app/node_modules/jest /opt/dbt/bin/sqlfluff 2>/dev/null; true`,
      ],
      {},
    );
    expect(unwanted).toBe('');
  });

  test('wallet-history gives the wallet its history once', async () => {
    const environment = {
      PGHOST: wallet.host,
      PGPORT: String(wallet.port),
      PGUSER: wallet.username,
      PGPASSWORD: wallet.password,
      PGDATABASE: wallet.database,
      SIMULATOR_ROWS: '500',
    };
    await finished(['/app/deploy/compose/seed-once.sh'], environment);
    expect(await finished(['/app/deploy/compose/seed-once.sh'], environment)).toBe(
      'the wallet has a history already\n',
    );
  });

  test('scheduler syncs, builds the marts with dbt once the sink has landed the rows, and ends on SIGTERM', async () => {
    const sink = spawn(commandPath('sink-warehouse'), ['run', '--config', path.join(directory, 'sink.json')]);
    const sinkClosed = once(sink, 'close');
    const { child, said, closed } = start(['/app/deploy/compose/sync-and-build.sh'], {
      ...warehouseEnvironment(warehouse),
      SYNC_EVERY_SECONDS: '5',
    });
    try {
      await eventually(
        async () => {
          if (child.exitCode !== null) throw new Error(`it ended: ${said.join('').slice(-4000)}`);
          await stat(path.join(directory, 'state', 'built'));
        },
        { timeoutMs: 300_000, everyMs: 500 },
      ).catch((cause: unknown) => {
        throw new Error(said.join('').slice(-4000), { cause });
      });
      const [source, marts] = await Promise.all([connectedTo(wallet), connectedTo(warehouse)]);
      const count = async (client: Client, table: string): Promise<string> =>
        (await client.query<{ n: string }>(`select count(*)::text as n from ${table}`)).rows[0]!.n;
      expect(await count(marts, 'marts.fct_transactions')).toBe(await count(source, 'public.transactions'));
      await Promise.all([source.end(), marts.end()]);
    } finally {
      // As `docker stop` does: to the container's first process, here the shell.
      await engine!.terminate(child);
      sink.kill('SIGTERM');
    }
    expect([(await closed)[0], (await sinkClosed)[0]]).toEqual([0, 0]);
  });

  test("realtime-submit of deploy/kubernetes reads its configuration with dbt's thresholds, and names the cluster that is away", async () => {
    const { said, closed } = start(['ewallet-realtime', 'submit', '--config', '/config/realtime.json'], {
      KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    });
    expect((await closed)[0]).toBe(3);
    expect(said.join('')).toBe(
      "ewallet-realtime: Flink's REST API at http://127.0.0.1:1 does not answer. Is the cluster up?\n",
    );
  });

  test('dashboards sets a fresh Metabase up and applies everything; the next start writes nothing', async () => {
    const double = await MetabaseDouble.start({ version: 'v0.54.2', columns: contractColumns(), fresh: true });
    const environment = {
      ...warehouseEnvironment(warehouse),
      METABASE_URL: double.url,
      METABASE_USER: 'admin@example.com',
      METABASE_PASSWORD: 'Change-me-1',
    };
    try {
      await finished(['/app/deploy/compose/apply-dashboards.sh'], environment);
      expect([...double.dashboards.values()].map(({ name }) => name).sort()).toEqual([
        'Live',
        'Merchants and money',
        'Risk and pipeline health',
        'Transaction patterns',
        'User behaviour',
        'Wallet overview',
      ]);
      const writes = double.writes.length;
      await finished(['/app/deploy/compose/apply-dashboards.sh'], environment);
      expect(double.writes.length).toBe(writes);
      expect(double.faults).toEqual([]);
    } finally {
      await double.stop();
    }
  });
});
