import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink, SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';
import { freePort } from '../../support/free-port';

jest.setTimeout(120_000);

const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0;
const withPgBouncer = hasPgBouncer ? describe : describe.skip;
if (!hasPgBouncer) process.stderr.write('skipped: pgbouncer is not installed (apt-get install pgbouncer)\n');

withPgBouncer('through PgBouncer', () => {
  let sinks: SinkCase;
  let directory: string;
  let port: number;
  let bouncer: ChildProcess;
  const names = { session: 'by_session', transaction: 'by_transaction', statement: 'by_statement' };

  beforeAll(async () => {
    sinks = await SinkCase.open();
    directory = mkdtempSync(path.join(tmpdir(), 'pgbouncer-'));
    chmodSync(directory, 0o755);
    port = await freePort();
    const { host, port: server, database, username, password } = sinks.database;
    const databases = Object.entries(names).map(
      ([mode, name]) =>
        `${name} = host=${host} port=${server} dbname=${database} user=${username} password=${password} pool_mode=${mode}`,
    );
    const settings = [
      `listen_addr = 127.0.0.1`,
      `listen_port = ${port}`,
      `unix_socket_dir =`,
      `auth_type = any`,
      `ignore_startup_parameters = extra_float_digits,options,statement_timeout,lock_timeout,idle_in_transaction_session_timeout`,
    ];
    const file = path.join(directory, 'pgbouncer.ini');
    writeFileSync(file, ['[databases]', ...databases, '[pgbouncer]', ...settings, ''].join('\n'));
    // PgBouncer refuses to run as root.
    const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    bouncer = spawn('pgbouncer', [file], { stdio: 'ignore', ...asNobody });
    await eventually(async () => {
      const client = await connectedTo({ ...sinks.database, host: '127.0.0.1', port, database: names.session });
      await client.end();
    });
  });
  afterAll(async () => {
    if (bouncer.exitCode === null) {
      bouncer.kill('SIGTERM');
      await once(bouncer, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
    await sinks.close();
  });

  const through = (name: string, mode: keyof typeof names) =>
    sinks.config(name, { 'connection.url': `postgresql://any:any@127.0.0.1:${port}/${names[mode]}` });

  async function filledTopic(name: string): Promise<string> {
    const topic = `${name}.${name}`;
    await createTopic(sinks.kafka, topic);
    const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
    await withProducer(sinks.kafka, name, async (producer) => {
      for (const id of [1, 2, 1]) await transact(producer, topic, [writer.record({ id })]);
    });
    return topic;
  }

  test('rows land in session mode', async () => {
    const name = uniqueName('session');
    await filledTopic(name);
    const config = through(name, 'session');
    expect(await runSink('validate', config)).toMatchObject({ code: 0, stderr: '' });
    await sinks.whileRunning(config, async () =>
      eventually(async () => {
        expect(await sinks.rows(`select id::int from raw."${name}" order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
      }),
    );
  });

  test.each(['transaction', 'statement'] as const)(
    '%s mode is refused by name, before anything is written',
    async (mode) => {
      const name = uniqueName(mode);
      const topic = await filledTopic(name);
      const config = through(name, mode);
      const refusal =
        'sink-warehouse: connection.url leads to a pooler that lends its servers for one transaction at a time (PgBouncer with pool_mode=transaction or statement), and the sink keeps temporary tables from one transaction to the next. ' +
        'Connect to PostgreSQL itself, or to a pool with pool_mode=session for this user or database. Nothing was read or written.\n';
      const validate = await runSink('validate', config);
      expect({ code: validate.code, stderr: validate.stderr }).toEqual({ code: 2, stderr: refusal });
      const run = await SinkProcess.start('run', config).exited;
      expect({ code: run.code, said: run.stderr.endsWith(refusal) }).toEqual({ code: 2, said: true });
      const found = await sinks.rows(
        `select to_regclass('sink.offsets') is null or not exists (
      select from pg_class where relname = $1) as nothing`,
        [name],
      );
      expect({ topic, found }).toEqual({ topic, found: [{ nothing: true }] });
    },
  );
});
