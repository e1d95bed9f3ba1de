import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../support/eventually';
import { smallDisk, type SmallDisk } from '../../support/small-disk';
import { SinkCase } from '../../support/sink/sink-case';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { capture, captureConfig, errorOf } from '../../support/source/captured-wallet';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import { configuredCatalog, records, warnings } from '../../support/source/wallet-source';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(400_000);

/** Puts a stopped server's write-ahead log on a disk of its own. */
function moveLog(server: WalletServer, disk: SmallDisk): void {
  const log = path.join(server.data, 'pg_wal');
  execFileSync('cp', ['-a', `${log}/.`, disk.dir]);
  rmSync(log, { recursive: true });
  symlinkSync(disk.dir, log);
}

/** Leaves less than a segment of the log. */
function fill(disk: SmallDisk): () => void {
  const filler = path.join(disk.dir, 'filler');
  const { bavail, bsize } = statfsSync(disk.dir);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 1_000_000));
  return () => {
    rmSync(filler);
  };
}

/** Its own sessions write the log, and nothing else does: they are the ones that find the disk full. */
const settings = { wal_writer_delay: '10s', checkpoint_timeout: '1h', autovacuum: 'off' };

let family: ServerFamily;
let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  family = await ServerFamily.make();
});
afterAll(async () => {
  await family.end();
  await sinks.close();
});

/** Runs a case on a server whose log has a disk of its own; undefined where there cannot be one. */
async function onSmallLog(name: string, job: (server: WalletServer, disk: SmallDisk) => Promise<void>): Promise<void> {
  const made = await family.start(name, { settings });
  await made.stack.stop();
  const disk = smallDisk(made.data, 96);
  if (disk === undefined) return;
  try {
    moveLog(made, disk);
    const server = await family.start(name, { settings });
    try {
      await job(server, disk);
    } finally {
      await server.stack.stop();
    }
  } finally {
    disk.remove();
  }
}

async function hasGivenUp(server: WalletServer): Promise<void> {
  await eventually(
    async () => {
      expect(await server.stack.service('source').isRunning()).toBe(false);
    },
    { timeoutMs: 60_000 },
  );
}

test('a warehouse whose write-ahead log’s disk is full gives up; the sink names the cause and waits, and every record lands once when it is back', async () => {
  await onSmallLog('warehouse', async (warehouse, disk) => {
    const { username, password, host, port, database } = warehouse.connection;
    const name = uniqueName('log');
    const topic = `${name}.payments`;
    await createTopic(sinks.kafka, topic, 1);
    const properties = { id: { type: 'integer' }, note: { type: 'string' } };
    const writer = await StreamWriter.register(sinks.registry, topic, 'payments', properties);
    const write = async (from: number, count: number): Promise<void> =>
      withProducer(sinks.kafka, name, async (producer) => {
        for (let first = from; first < from + count; first += 250) {
          const ids = Array.from({ length: 250 }, (_, index) => first + index); // a request takes a megabyte
          const records = ids.map((id) => writer.record({ id, note: `${id} ${'x'.repeat(1_500)}` }));
          await transact(producer, topic, records);
        }
      });
    const landed = async (): Promise<unknown> =>
      warehouse.run('select count(*)::int as rows, sum(id)::int as ids from raw.payments');
    const config = sinks.config(name, {
      'connection.url': `postgresql://${username}:${password}@${host}:${port}/${database}`,
      'errors.tolerance': 'all',
    });
    await sinks.whileRunning(config, async (sink) => {
      await write(1, 1_000);
      await eventually(async () => {
        expect(await landed()).toEqual([{ rows: 1_000, ids: 500_500 }]);
      });
      const free = fill(disk);
      await write(1_001, 15_000);
      await hasGivenUp(warehouse);
      const address = `${host}:${port}/${database}`;
      await eventually(() => {
        expect(sink.stderr).toContain(`Could not connect to ${address} as ${username}: connect ECONNREFUSED`);
      });
      expect(sink.stderr).toMatch(
        /"reason":"Could not write a batch to the warehouse: could not write to file \\"pg_wal\/xlogtemp\.\d+\\": No space left on device\. The server’s disk is full: free space where its data, its write-ahead log or the named tablespace is, or enlarge it\."/,
      );
      free();
      await warehouse.stack.service('source').start();
      await eventually(
        async () => {
          expect(await landed()).toEqual([{ rows: 16_000, ids: 128_008_000 }]);
        },
        { timeoutMs: 90_000 },
      );
    });
    expect(await warehouse.run('select count(*)::int as letters from sink.dead_letters')).toEqual([{ letters: 0 }]);
    expect(await warehouse.run('select next_offset > 16000 as all_read from sink.offsets')).toEqual([
      { all_read: true },
    ]);
  });
});

test('an e-wallet whose write-ahead log’s disk is full gives up: a sync says that it is gone, and once it is back every committed row comes once', async () => {
  await onSmallLog('wallet', async (wallet, disk) => {
    await wallet.run(`create table payments (id int primary key, note text);
      create publication wallet for all tables`);
    const config = captureConfig(wallet.connection);
    const catalog = await configuredCatalog(config, 'incremental', ['payments']);
    const first = await capture(config, catalog, undefined);
    expect(errorOf(first)).toBeUndefined();

    const free = fill(disk);
    let trade: unknown;
    for (let id = 1; trade === undefined && id < 100_000; id += 100) {
      const rows = `insert into payments select i, repeat('x', 1500) from generate_series(${id}, ${id + 99}) i`;
      trade = await wallet.run(rows).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(String(trade)).toMatch(/No space left on device/);
    await hasGivenUp(wallet);
    const away = await capture(config, catalog, first.state);
    const { host, port, database, username } = wallet.connection;
    expect({ code: away.code, error: errorOf(away) }).toMatchObject({
      code: 1,
      error: {
        failure_type: 'transient_error',
        message: `Could not connect to ${host}:${port}/${database} as ${username}: connect ECONNREFUSED ${host}:${port}. Nothing listens there: check \`host\` and \`port\`, and that the server runs.`,
      },
    });

    free();
    await wallet.stack.service('source').start();
    const back = await capture(config, catalog, first.state);
    expect({ error: errorOf(back), warnings: warnings(back) }).toEqual({ error: undefined, warnings: [] });
    const ids = (await wallet.run('select id from payments order by id')).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1_000);
    expect(records(back).map(({ id }) => id)).toEqual(ids);
  });
});
