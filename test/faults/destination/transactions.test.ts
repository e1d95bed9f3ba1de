import {
  BatchBuilder,
  openCluster,
  TransactionalLog,
  type Broker,
  type Cluster,
  type OvertakenTopic,
  type SealedBatch,
} from '@ewallet/kafka';
import { startStack, type RunningStack } from '@ewallet/local-stack';
import { spawn, type ChildProcess } from 'node:child_process';
import { KafkaJSConnectionError } from 'kafkajs';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { committedRecords, type CommittedRecord } from '../../support/destination/committed-records';
import { catalogOf, recordLine, stateLine, traceError, withFiles } from '../../support/destination/destination-run';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

const PROGRAM = path.resolve(__dirname, '../../support/destination/faulty-destination.cjs');
const RECORDS = 300;
const CHECKPOINT = 50;

interface Fault {
  readonly step: 'append' | 'commit';
  readonly when: 'before' | 'after';
  readonly call: number;
  readonly what: 'kill' | 'cut' | 'wait';
}

let dir: string;
let stack: RunningStack;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-destination-faults-'));
  stack = await startStack({
    dir,
    only: ['kafka', 'schemaRegistry'],
    // A broker that was killed may come back once its registration from before has run out: 9 s by default.
    kafka: { properties: { 'broker.session.timeout.ms': '2000', 'broker.heartbeat.interval.ms': '500' } },
  });
});
afterAll(async () => {
  await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Connection {
  readonly stream: { readonly name: string; readonly namespace: string };
  readonly catalog: unknown;
  readonly config: Readonly<Record<string, unknown>>;
}

function connection(more: Readonly<Record<string, unknown>> = {}): Connection {
  const stream = { name: uniqueName('movements'), namespace: 'public' };
  const { kafka, schemaRegistry } = stack.connections;
  return {
    stream,
    catalog: catalogOf([{ ...stream, properties: { id: { type: 'integer' } } }]),
    config: {
      bootstrap_servers: kafka.bootstrapServers,
      schema_registry: { url: schemaRegistry.url },
      topic_partitions: 2,
      request_timeout_ms: 3_000,
      ...more,
    },
  };
}

/** What a source sends from its state on: records, and a state every few of them. */
function linesFrom({ stream }: Connection, state: number): string {
  let lines = '';
  for (let id = state + 1; id <= RECORDS; id += 1) {
    lines += recordLine(stream, `{"id":${id}}`, 1_700_000_000_000 + Math.floor(Math.random() * 1_000));
    if (id % CHECKPOINT === 0) lines += stateLine(stream, { id });
  }
  return lines;
}

interface Attempt {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly acknowledged: number }>;
}

function start(connection: Connection, files: string, state: number, ...faults: readonly Fault[]): Attempt {
  const args = ['write', '--config', path.join(files, 'config.json'), '--catalog', path.join(files, 'catalog.json')];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, FAULTS: JSON.stringify(faults) },
  });
  const stdout: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(linesFrom(connection, state));
  const ended = once(child, 'close').then(([code]) => {
    const text = Buffer.concat(stdout).toString('utf8');
    const states = [...text.matchAll(/"stream_state":\{"id":(\d+)\}/g)].map((match) => Number(match[1]));
    return { code: code as number | null, stdout: text, acknowledged: states.at(-1) ?? state };
  });
  return { child, ended };
}

function read({ stream }: Connection): Promise<readonly CommittedRecord[]> {
  const { kafka, schemaRegistry } = stack.connections;
  return committedRecords({ brokers: [kafka.bootstrapServers] }, schemaRegistry.url, `public.${stream.name}`);
}

/** Every id is there; ids that came twice lie behind the acknowledged state of a failed attempt, with equal record ids. */
function expectComplete(records: readonly CommittedRecord[], failedAt: readonly number[]): readonly number[] {
  const copies = new Map<number, CommittedRecord[]>();
  for (const record of records) {
    const { id } = record.value as { id: number };
    copies.set(id, [...(copies.get(id) ?? []), record]);
  }
  expect([...copies.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: RECORDS }, (_, index) => index + 1));
  const twice = [...copies].filter(([, found]) => found.length > 1);
  for (const [id, found] of twice) {
    expect({ id, recordIds: new Set(found.map(({ headers }) => headers.record_id)).size }).toEqual({
      id,
      recordIds: 1,
    });
    expect(failedAt.some((acknowledged) => id > acknowledged)).toBe(true);
  }
  return twice.map(([id]) => id);
}

/** Runs from the last acknowledged state until a run succeeds, with the faults in the first one. */
async function runToEnd(
  target: Connection,
  faults: readonly Fault[],
  meanwhile: (child: ChildProcess) => Promise<void> = () => Promise.resolve(),
): Promise<{ codes: readonly (number | null)[]; failedAt: readonly number[] }> {
  return withFiles({ 'config.json': target.config, 'catalog.json': target.catalog }, async (files) => {
    const codes: (number | null)[] = [];
    const failedAt: number[] = [];
    let state = 0;
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const run = start(target, files, state, ...(attempt === 1 ? faults : []));
      if (attempt === 1) await meanwhile(run.child);
      const { code, acknowledged } = await run.ended;
      codes.push(code);
      state = acknowledged;
      if (code === 0) return { codes, failedAt };
      failedAt.push(acknowledged);
    }
    throw new Error(`no attempt succeeded: ${codes.join(', ')}`);
  });
}

const steps = (['append', 'commit'] as const).flatMap((step) =>
  (['before', 'after'] as const).map((when) => ({ step, when, call: 2 })),
);

test.each(steps)('the destination is killed $when $step: the next run completes, nothing is lost', async (step) => {
  const target = connection();
  const { codes, failedAt } = await runToEnd(target, [{ ...step, what: 'kill' }]);
  expect(codes).toEqual([null, 0]);
  const twice = expectComplete(await read(target), failedAt);
  // The fault is in the second checkpoint. What was committed and not echoed yet comes twice, and nothing else does.
  const committed = step.step === 'commit' && step.when === 'after' ? 2 * CHECKPOINT : CHECKPOINT;
  expect(twice).toHaveLength(committed - failedAt[0]!);
});

test.each(steps)(
  'the connections are cut $when $step: the run continues and every record is there once',
  async (step) => {
    const target = connection();
    const { codes, failedAt } = await runToEnd(target, [{ ...step, what: 'cut' }]);
    expect(codes).toEqual([0]);
    expect(expectComplete(await read(target), failedAt)).toEqual([]);
  },
);

test('the broker is killed before and after append, and before and after commit: nothing is lost', async () => {
  const target = connection();
  // Each in a checkpoint of its own, so that each takes down a broker with a transaction in that very state.
  const faults = steps.map((step, index) => ({ ...step, call: index + 2, what: 'wait' as const }));
  const { codes, failedAt } = await runToEnd(target, faults, async (child) => {
    for (const fault of faults) {
      await once(child, 'message');
      await stack.service('kafka').kill();
      child.send(fault);
      await stack.service('kafka').start();
    }
  });
  expect({ codes, twice: expectComplete(await read(target), failedAt) }).toEqual({ codes: [0], twice: [] });
});

test('a second run of the connection fences the first, which ends with a clear config_error and adds nothing', async () => {
  const target = connection();
  await withFiles({ 'config.json': target.config, 'catalog.json': target.catalog }, async (files) => {
    const first = start(target, files, 0, { step: 'commit', when: 'before', call: 2, what: 'wait' });
    await once(first.child, 'message');
    const second = await start(target, files, CHECKPOINT).ended;
    expect(second.code).toBe(0);
    first.child.send('continue');
    const { code, stdout, acknowledged } = await first.ended;
    expect({ code, acknowledged, error: traceError(stdout) }).toEqual({
      code: 1,
      acknowledged: CHECKPOINT,
      error: {
        kind: 'config_error',
        message: expect.stringMatching(
          /^Kafka could not commit the transaction: another run took over the transactional id "destination-kafka\.public\.\w+"\. Nothing unacknowledged of this run is visible\./,
        ) as string,
      },
    });
  });
  expect(expectComplete(await read(target), [])).toEqual([]);
});

/** The catalogue with one more stream, whose topic comes before (`a`, `b`) or behind (`z`) the other's by name. */
function withStream(target: Connection, letter: 'a' | 'b' | 'z'): Connection {
  const more = { name: `${letter}_${target.stream.name}`, namespace: 'public' };
  const properties = { id: { type: 'integer' } };
  return { ...target, catalog: catalogOf([more, target.stream].map((stream) => ({ ...stream, properties }))) };
}

/** How a run ends that waits before its second commit until another one has read everything and ended well. */
async function overtaken(one: Connection, other: Connection): ReturnType<typeof start>['ended'] {
  return withFiles({ 'config.json': one.config, 'catalog.json': one.catalog }, async (files) => {
    const first = start(one, files, 0, { step: 'commit', when: 'before', call: 2, what: 'wait' });
    await once(first.child, 'message');
    const second = await withFiles(
      { 'config.json': other.config, 'catalog.json': other.catalog },
      (later) => start(other, later, CHECKPOINT).ended,
    );
    expect(second.code).toBe(0);
    first.child.send('continue');
    return first.ended;
  });
}

test.each([
  ['came, as the first by name', (target: Connection) => [target, withStream(target, 'a')] as const],
  ['came, as the last by name', (target: Connection) => [target, withStream(target, 'z')] as const],
  ['went, the last by name', (target: Connection) => [withStream(target, 'z'), target] as const],
  ['went, the first by name', (target: Connection) => [withStream(target, 'a'), target] as const],
])('a run is fenced by the next one also when a stream %s in between', async (change, catalogs) => {
  const [before, after] = catalogs(connection());
  const { code, stdout } = await overtaken(before, after);
  expect({ change, code, kind: traceError(stdout)?.kind }).toEqual({ change, code: 1, kind: 'config_error' });
  expect(expectComplete(await read(before), [])).toEqual([]);
});

test('of two connections with one topic in common, first by name of neither, the one that started first ends with a config_error that names the topic', async () => {
  const target = connection();
  const [one, other] = [withStream(target, 'a'), withStream(target, 'b')];
  const topic = `public.${target.stream.name}`;
  const { code, stdout, acknowledged } = await overtaken(one, other);
  expect({ code, acknowledged, error: traceError(stdout) }).toEqual({
    code: 1,
    acknowledged: CHECKPOINT,
    error: {
      kind: 'config_error',
      message: `Kafka could not commit the transaction: another run took over the transactional id "destination-kafka.${topic}", and with it topic ${topic}. Nothing unacknowledged of this run is visible. Let one run at a time write a topic: take the stream out of the other connection, or see that their runs never overlap. Only connections that write different rows into one topic (two databases) may run at once, each with a \`transactional_id\` of its own.`,
    },
  });
  expect(expectComplete(await read(target), [])).toEqual([]);
});

function clusterOf(clientId: string): Cluster {
  const settings = { brokers: [stack.connections.kafka.bootstrapServers], clientId };
  const patience = {
    connectionTimeoutMs: 10_000,
    metadataMaxAgeMs: 300_000,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
  };
  return openCluster({ ...settings, requestTimeoutMs: 10_000, sasl: undefined, ssl: false }, patience, () => 0);
}

/** A log that fails with the broker's own errors. */
function logOf(
  cluster: Cluster,
  transactionalId: string,
  { topicIds, overtaken }: { topicIds: ReadonlyMap<string, string>; overtaken: (by: OvertakenTopic) => void },
): TransactionalLog {
  return new TransactionalLog(cluster, {
    transactionalId,
    topicIds,
    transactionTimeoutMs: 60_000,
    deliveryTimeoutMs: 30_000,
    requestTimeoutMs: 10_000,
    now: () => performance.now(),
    failures: {
      failed: (error) => error as Error,
      fenced: (error) => error as Error,
      tooLarge: (_batch, error) => error,
      overtaken: (error, by) => {
        overtaken(by);
        return error as Error;
      },
    },
  });
}

/** The cluster with brokers whose members are what `member` gives. */
function withBrokers(cluster: Cluster, member: (broker: Broker, name: string | symbol) => unknown): Cluster {
  return new Proxy(cluster, {
    get: (whole, name) => {
      if (name !== 'findBroker') return bound(whole, name);
      return async (options: { nodeId: number }): Promise<Broker> =>
        new Proxy(await whole.findBroker(options), { get: member });
    },
  });
}

test('a run that takes a topic while another commits makes that commit fail as one that is visible', async () => {
  const target = connection();
  const topic = `public.${target.stream.name}`;
  const cluster = clusterOf('two-writers');
  await withFiles({ 'config.json': target.config, 'catalog.json': target.catalog }, async (files) => {
    expect((await start(target, files, RECORDS - CHECKPOINT).ended).code).toBe(0);
  });
  const found: OvertakenTopic[] = [];
  const topicIds = new Map([[topic, `destination-kafka.${topic}`]]);
  const overtaken = (by: OvertakenTopic): void => {
    found.push(by);
  };
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    const other = logOf(cluster, `destination-kafka.b_${topic}`, { topicIds, overtaken });
    // The other run starts at the one moment that the broker cannot guard: between the commit and its answer.
    const log = logOf(
      withBrokers(cluster, (broker, member) => {
        if (member !== 'endTxn') return bound(broker, member);
        return async (request: Parameters<Broker['endTxn']>[0]): Promise<unknown> => {
          const answer = await broker.endTxn(request);
          if (request.transactionalId === `destination-kafka.a_${topic}`) await other.open();
          return answer;
        };
      }),
      `destination-kafka.a_${topic}`,
      { topicIds, overtaken },
    );
    await log.open();
    const batch = new BatchBuilder(topic, 0, 1024);
    const key = Buffer.from('key');
    batch.append({ bytes: key, start: 0, end: key.length }, undefined, { bytes: Buffer.from([0]), start: 0, end: 1 });
    await log.append([batch.seal(Date.now())]);
    await expect(log.commit()).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    expect(found).toEqual([{ topic, transactionalId: `destination-kafka.${topic}`, committed: true }]);
  } finally {
    await cluster.disconnect();
  }
});

test('the memory of a batch is given back once the broker has it, but not after a second attempt: a first one may still be writing it', async () => {
  const target = connection();
  const topic = `public.${target.stream.name}`;
  await withFiles({ 'config.json': target.config, 'catalog.json': target.catalog }, async (files) => {
    expect((await start(target, files, RECORDS - CHECKPOINT).ended).code).toBe(0);
  });
  const cluster = clusterOf('given-back');
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    let refusals = 0;
    const log = logOf(
      withBrokers(cluster, (broker, member) => {
        if (member !== 'connectionPool' || refusals === 0) return bound(broker, member);
        refusals -= 1;
        throw new KafkaJSConnectionError('the connection was lost');
      }),
      `destination-kafka.${topic}`,
      { topicIds: new Map(), overtaken: () => undefined },
    );
    await log.open();
    const givenBack: string[] = [];
    const sealed = (name: string): SealedBatch => {
      const batch = new BatchBuilder(topic, 0, 1024);
      const key = Buffer.from(name);
      batch.append({ bytes: key, start: 0, end: key.length }, undefined, { bytes: Buffer.from([0]), start: 0, end: 1 });
      return { ...batch.seal(Date.now()), written: () => givenBack.push(name) };
    };
    await log.append([sealed('at once')]);
    refusals = 1;
    await log.append([sealed('at the second attempt')]);
    await log.append([sealed('at once again')]);
    await log.commit();
    expect({ givenBack, refusals }).toEqual({ givenBack: ['at once', 'at once again'], refusals: 0 });
  } finally {
    await cluster.disconnect();
  }
});

/** A method of the object as it is, for a proxy that replaces another one. */
function bound(whole: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(whole, name, whole);
  return typeof member === 'function' ? (member.bind(whole) as unknown) : member;
}

/** Records that a read-committed consumer sees; the topic is not there at once. */
async function visible(target: Connection): Promise<number> {
  return (await read(target).catch(() => [])).length;
}

async function moreThan(before: number, count: () => Promise<number>): Promise<number> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const now = await count();
    if (now > before) return now;
  }
  throw new Error(`no more than ${before} records became visible within a minute`);
}

test('a checkpoint that outlasts the transaction timeout is committed in parts before the broker would abort it', async () => {
  const target = connection({ transaction_timeout_ms: 10_000 });
  await withFiles({ 'config.json': target.config, 'catalog.json': target.catalog }, async (files) => {
    const args = ['write', '--config', path.join(files, 'config.json'), '--catalog', path.join(files, 'catalog.json')];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, FAULTS: '[]' },
    });
    const stdout: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stdin?.on('error', () => undefined);
    const closed = once(child, 'close');
    const wide = 'x'.repeat(200_000);
    let id = 0;
    // Large enough that batches leave before any state comes; each time they are visible before the source continues.
    for (let seen = 0, part = 1; part <= 3; part += 1) {
      for (const end = id + 20; id < end;)
        child.stdin?.write(recordLine(target.stream, `{"id":${(id += 1)},"wide":"${wide}"}`));
      seen = await moreThan(seen, () => visible(target));
    }
    child.stdin?.end(recordLine(target.stream, `{"id":${(id += 1)}}`) + stateLine(target.stream, { id }));
    expect((await closed)[0]).toBe(0);
    expect(Buffer.concat(stdout).toString('utf8')).toContain(`"stream_state":{"id":${id}}`);
  });
  const ids = (await read(target)).map(({ value }) => (value as { id: number }).id);
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
});
