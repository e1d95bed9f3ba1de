import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { commandPath, runCommand } from '../../support/command';
import { sinkConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { services } from '../../support/services';
import { BlackHole } from '../../support/sink/black-hole';
import { PipelineCase } from '../../support/pipeline/pipeline-case';
import { pipelineStatus, type ShownLine } from '../../support/pipeline/pipeline-status';
import { createWatcher, dropWatcher, WATCHER_PASSWORD } from '../../support/pipeline/watcher';
import { SinkProcess } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

const role = uniqueName('watcher');
let flow: PipelineCase;
let sink: SinkProcess;
let sinkUrl: string;

/** The whole pipeline's configuration for the status, through the ways; `more` replaces sections. */
async function configured(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { port: ewalletPort } = flow.ways.ewallet;
  const { registry, kafka } = flow.ways;
  const url = `postgresql://${role}:${WATCHER_PASSWORD}@127.0.0.1:${flow.ways.warehouse.port}/${flow.warehouse.database}`;
  const file = `pipeline-${uniqueName('c')}.json`;
  await flow.write(file, {
    ewallet: {
      ...sourceConfig(flow.wallet),
      host: '127.0.0.1',
      port: ewalletPort,
      username: role,
      password: WATCHER_PASSWORD,
    },
    sync: { config_file: 'sync.json' },
    kafka: {
      bootstrap_servers: `127.0.0.1:${kafka.port}`,
      topic_pattern: `${flow.name}.{stream}`,
      schema_registry: { url: (await services()).schemaRegistry.url.replace(/:\d+\//, `:${registry.port}/`) },
    },
    sink: { config_file: 'sink.json', instances: [sinkUrl] },
    warehouse: { 'connection.url': url },
    dbt: { target: 'target' },
    audit: {},
    ...more,
  });
  return flow.at(file);
}

const troubled = (lines: readonly ShownLine[]): string[] =>
  lines.flatMap(({ hop, subject, findings }) =>
    findings.map(({ code }) => `${hop}${hop === 'stream' ? ` ${subject}` : ''}: ${code}`),
  );

function startSink(): void {
  sink = SinkProcess.start('run', flow.at('sink.json'));
}

async function startedSink(): Promise<string> {
  return eventually(() => {
    const started = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
    if (started === undefined) throw new Error(`the sink has not started: ${sink.stderr}`);
    return started;
  });
}

beforeAll(async () => {
  const stack = await services();
  flow = await PipelineCase.open('status');
  const { name, wallet, warehouse, source, target } = flow;
  await createWatcher(flow, role);
  for (const client of [source, target]) await client.query(`grant pg_read_all_stats to ${role}`);
  await flow.writeSync(wallet, stack);
  await flow.writeAudit(warehouse.url);
  await flow.write('sink.json', sinkConfig(stack, warehouse, name, { 'errors.tolerance': 'all' }));
  await flow.writeDbtRun([{ unique_id: 'model.ewallet.users', status: 'success' }], new Date());
  startSink();
  sinkUrl = await startedSink();
  expect(await flow.sync()).toBe(0);
  await eventually(async () => {
    expect((await flow.target.query('select count(*)::int as n from raw.users')).rows).toEqual([{ n: 20 }]);
  });
  await flow.target.query(
    `grant usage on schema sink to ${role}; grant select on all tables in schema sink to ${role}`,
  );
  const audited = await runCommand('ewallet-audit', ['run', '--config', flow.at('audit.json')]);
  expect(audited).toMatchObject({ code: 0, stderr: '' });
}, 120_000);

afterAll(async () => {
  await sink.stop();
  await flow.close();
  await dropWatcher(role);
});

test('a pipeline that works is healthy at every hop, seen by read-only roles', async () => {
  const { code, lines } = await pipelineStatus(await configured());
  expect({ code, troubled: troubled(lines), hops: lines.map(({ hop, verdict }) => `${hop} ${verdict}`) }).toEqual({
    code: 0,
    troubled: [],
    hops: ['e-wallet', 'sync', 'kafka', 'registry', 'sink', 'stream', 'warehouse', 'dbt', 'audit'].map(
      (hop) => `${hop} healthy`,
    ),
  });
  const [stream] = lines.filter(({ hop }) => hop === 'stream');
  expect(stream).toMatchObject({
    subject: 'public.users',
    facts: {
      topic: `${flow.name}.users`,
      table: 'raw.users',
      synced_records: 20,
      lag_records: 0,
      lag_seconds: 0,
      dead_letters: 0,
    },
  });
});

test('one file of ewallet-sync and one of the sink are enough, and the text is one line per hop and stream', async () => {
  await flow.write('small.json', { sync: { config_file: 'sync.json' }, sink: { config_file: 'sink.json' } });
  const { stdout, code } = await runCommand('ewallet-pipeline', [
    'status',
    '--timeout',
    '8',
    '--config',
    flow.at('small.json'),
  ]);
  expect({ code, columns: stdout.split('\n').map((text) => text.split(/\s{2,}/).slice(0, 2)) }).toEqual({
    code: 0,
    columns: [
      ...['e-wallet', 'sync', 'kafka', 'registry', 'sink', 'stream', 'warehouse'].map((hop) => ['ok', hop]),
      [expect.stringMatching(/^Healthy at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/)],
      [''],
    ],
  });
});

test('a network that swallows what is sent to the servers is found by the time limit, and what answers is still said', async () => {
  const config = await configured();
  for (const way of Object.values(flow.ways)) way.swallow();
  try {
    const { code, lines } = await pipelineStatus(config, '--timeout', '4');
    expect({ code, troubled: troubled(lines) }).toEqual({
      code: 2,
      troubled: [
        'e-wallet: ewallet-down',
        'kafka: kafka-down',
        'registry: registry-down',
        'warehouse: warehouse-down',
        'audit: audit-never',
      ],
    });
    for (const hop of ['e-wallet', 'kafka', 'registry', 'warehouse']) {
      expect(lines.find((each) => each.hop === hop)?.findings[0]?.says).toMatch(
        /no answer within 4 s|timeout|timed out|terminated/i,
      );
    }
    expect(lines.find(({ hop }) => hop === 'sink')?.verdict).toBe('healthy');
  } finally {
    for (const way of Object.values(flow.ways)) way.heal();
  }
});

test('a warehouse that is silent is no trouble of Kafka, which is asked how old its backlog is by what landed there', async () => {
  const config = await configured();
  flow.ways.warehouse.swallow();
  try {
    const { code, lines } = await pipelineStatus(config, '--timeout', '4');
    expect({ code, troubled: troubled(lines) }).toEqual({
      code: 2,
      troubled: ['warehouse: warehouse-down', 'audit: audit-never'],
    });
    expect(lines.find(({ hop }) => hop === 'warehouse')?.findings[0]?.says).toBe(
      'no answer within 4 s; --timeout 16 tells silent from slow',
    );
  } finally {
    flow.ways.warehouse.heal();
  }
});

test('a server that is not there is named with what to do next', async () => {
  const gone = await BlackHole.before('127.0.0.1', 1);
  const { port } = gone;
  gone.close();
  const url = `postgresql://${role}:${WATCHER_PASSWORD}@127.0.0.1:${port}/${flow.warehouse.database}`;
  const { code, lines } = await pipelineStatus(
    await configured({
      kafka: { bootstrap_servers: `127.0.0.1:${port}`, schema_registry: { url: `http://127.0.0.1:${port}` } },
      warehouse: { 'connection.url': url },
      ewallet: { ...sourceConfig(flow.wallet), host: '127.0.0.1', port },
    }),
  );
  expect({ code, troubled: troubled(lines) }).toEqual({
    code: 2,
    troubled: [
      'e-wallet: ewallet-down',
      'kafka: kafka-down',
      'registry: registry-down',
      'warehouse: warehouse-down',
      'audit: audit-never',
    ],
  });
  expect(lines[0]?.findings[0]).toEqual({
    code: 'ewallet-down',
    verdict: 'down',
    says: `Could not connect to 127.0.0.1:${port}/${flow.wallet.database} as ${flow.wallet.username}: connect ECONNREFUSED 127.0.0.1:${port}. Nothing listens there: check \`host\` and \`port\`, and that the server runs`,
    next: 'Bring the server, the network or the role back: syncs continue by themselves from the last state.',
  });
});

test('a role that lost its grants is told which, and everything else is still said', async () => {
  await flow.target.query(`revoke select on sink.offsets, sink.dead_letters from ${role}`);
  try {
    const { code, lines } = await pipelineStatus(await configured());
    expect({ code, troubled: troubled(lines) }).toEqual({ code: 1, troubled: ['warehouse: warehouse-grants'] });
    expect(lines.find(({ hop }) => hop === 'warehouse')?.findings[0]?.says).toBe(
      `role ${role} may not read sink.dead_letters, sink.offsets`,
    );
  } finally {
    await flow.target.query(`grant select on all tables in schema sink to ${role}`);
  }
});

test('a paused sink is degraded, with who waits and since when; resumed it is healthy', async () => {
  await fetch(`${sinkUrl}/connectors/${flow.name}/pause`, { method: 'PUT' });
  await flow.source.query("insert into users select n, 'later' from generate_series(21, 30) n");
  expect(await flow.sync()).toBe(0);
  const sinkWithPatience = { config_file: 'sink.json', instances: [sinkUrl], lag_seconds: 0 };
  const paused = await pipelineStatus(await configured({ sink: sinkWithPatience }));
  expect({ code: paused.code, troubled: troubled(paused.lines) }).toEqual({
    code: 1,
    troubled: ['sink: sink-paused', 'stream public.users: sink-lag'],
  });
  const { facts } = paused.lines.find(({ hop }) => hop === 'stream') ?? {};
  // Ten records and the marker of each transaction that brought them.
  expect(facts?.lag_records).toBeGreaterThanOrEqual(10);
  expect(facts?.lag_seconds).toBeGreaterThan(0);
  await fetch(`${sinkUrl}/connectors/${flow.name}/resume`, { method: 'PUT' });
  await eventually(async () => {
    expect(troubled((await pipelineStatus(await configured())).lines)).toEqual([]);
  });
});

test('a record that cannot land is a dead letter with the statement that shows it', async () => {
  await flow.target.query(
    `insert into sink.dead_letters (connector, topic, partition, "offset", stage, error_class, error_message)
     values ($1, $2, 0, 7, 'VALUE_CONVERTER', 'DataException', 'planted')`,
    [flow.name, `${flow.name}.users`],
  );
  const { code, lines } = await pipelineStatus(await configured());
  expect({ code, troubled: troubled(lines) }).toEqual({ code: 1, troubled: ['stream public.users: dead-letters'] });
  const [finding] = lines.find(({ hop }) => hop === 'stream')?.findings ?? [];
  const [statement = ''] = finding?.next.split('; ') ?? [];
  expect((await flow.target.query(statement)).rows).toEqual([
    { offset: '7', stage: 'VALUE_CONVERTER', error_message: 'planted' },
  ]);
  await flow.target.query('delete from sink.dead_letters');
});

test('a sync that fails is degraded with its own message; a schedule that was killed is down', async () => {
  const config = await configured();
  await flow.write('source.json', { ...sourceConfig(flow.wallet), password: 'wrong' });
  expect(await flow.sync()).toBe(2);
  const failed = await pipelineStatus(config);
  expect({ code: failed.code, troubled: troubled(failed.lines) }).toEqual({ code: 1, troubled: ['sync: sync-failed'] });
  expect(failed.lines.find(({ hop }) => hop === 'sync')?.findings[0]?.says).toMatch(
    /^failed .* ago: Could not connect to .* password authentication failed for user/,
  );
  await flow.write('source.json', sourceConfig(flow.wallet));
  const schedule = spawn(
    process.execPath,
    [commandPath('ewallet-sync'), 'run', '--every', '1h', '--config', flow.at('sync.json')],
    { stdio: 'ignore' },
  );
  try {
    await eventually(async () => {
      const written = JSON.parse(await readFile(flow.at(`${flow.name}-state/status.json`), 'utf8')) as Record<
        string,
        unknown
      >;
      expect(written).toMatchObject({ state: 'waiting', last_failure: null, next_at: expect.any(String) as string });
    });
    expect(troubled((await pipelineStatus(config)).lines)).toEqual([]);
  } finally {
    schedule.kill('SIGKILL');
  }
  await once(schedule, 'close');
  const killed = await pipelineStatus(config);
  expect({ code: killed.code, troubled: troubled(killed.lines) }).toEqual({
    code: 2,
    troubled: ['sync: scheduler-dead'],
  });
  expect(await flow.sync()).toBe(0);
});

test('failed tests of dbt, an old run, an old transaction and a difference that the audit found are each named', async () => {
  await flow.writeDbtRun(
    [
      { unique_id: 'model.ewallet.users', status: 'success' },
      { unique_id: 'test.ewallet.not_null_users_id.1234', status: 'fail' },
    ],
    new Date(Date.now() - 3 * 86_400_000),
  );
  await flow.target.query("update raw.users set name = 'wrong' where id = 3");
  expect((await runCommand('ewallet-audit', ['run', '--config', flow.at('audit.json')])).code).toBe(1);
  const open = await connectedTo(flow.wallet);
  await open.query('begin');
  await open.query('select 1');
  try {
    const ewallet = {
      ...sourceConfig(flow.wallet),
      username: role,
      password: WATCHER_PASSWORD,
      open_transaction_seconds: 0.001,
    };
    const { code, lines } = await pipelineStatus(await configured({ ewallet }));
    expect({ code, troubled: troubled(lines) }).toEqual({
      code: 1,
      troubled: ['e-wallet: ewallet-old-transaction', 'dbt: dbt-failed', 'dbt: dbt-late', 'audit: audit-different'],
    });
    expect(lines.find(({ hop }) => hop === 'audit')?.findings[0]?.says).toBe(
      'the warehouse differs from the e-wallet: public.users (1 row)',
    );
  } finally {
    await open.end();
    await flow.target.query("update raw.users set name = 'name' where id = 3");
    await flow.writeDbtRun([], new Date());
  }
});

test('a slot that the configuration names and the server has not is down; one that retains WAL is degraded', async () => {
  const slot = uniqueName('slot');
  const ewallet = {
    ...sourceConfig(flow.wallet),
    replication_method: { method: 'CDC', replication_slot: slot, publication: 'any' },
    retained_wal_bytes: 1,
  };
  const missing = await pipelineStatus(await configured({ ewallet, audit: undefined }));
  expect({ code: missing.code, troubled: troubled(missing.lines) }).toEqual({
    code: 2,
    troubled: ['e-wallet: slot-missing'],
  });
  await flow.source.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  try {
    await flow.source.query("update users set name = 'again'");
    const retaining = await pipelineStatus(await configured({ ewallet, audit: undefined }));
    expect({ code: retaining.code, troubled: troubled(retaining.lines) }).toEqual({
      code: 1,
      troubled: ['e-wallet: slot-retains-wal'],
    });
  } finally {
    await flow.source.query(`select pg_drop_replication_slot('${slot}')`);
  }
});

test('a sink that was killed is down at once, though its group has not noticed', async () => {
  await sink.kill();
  const { code, lines } = await pipelineStatus(await configured({ audit: undefined }));
  expect({ code, troubled: troubled(lines) }).toEqual({ code: 2, troubled: ['sink: sink-not-running'] });
  startSink();
  await startedSink();
});
