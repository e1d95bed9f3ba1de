import { exactAvroType, frame, SchemaRegistry, type AvroType } from '@ewallet/avro';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { ProductEncoder } from '../../../realtime/src/engine/product-encoder';
import { keySchema, valueSchema } from '../../../realtime/src/products/product';
import { productOf } from '../../../realtime/src/products/products';
import { commandPath } from '../../support/command';
import { eventually } from '../../support/eventually';
import { freePort } from '../../support/free-port';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

/** A member that was killed stays in its group for six seconds, and each of the kills waits for that. */
jest.setTimeout(180_000);
const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

const types = {
  ...({
    transactionId: 'BIGINT',
    walletId: 'BIGINT',
    userId: 'BIGINT',
    merchantId: 'BIGINT',
    sessionId: 'STRING',
  } as const),
  ...{ moneyScale: 4, balanceScale: 4 },
};
const product = productOf('alerts', types);

interface Request {
  readonly path: string;
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

let dir: string;
let prefix: string;
let kafka: Kafka;
let producer: Producer;
let registry: SchemaRegistry;
let encoders: readonly { readonly id: number; readonly type: AvroType }[];
let http: Server;
let smtp: SMTPServer;
let requests: Request[];
let mails: string[];
/** What the HTTP server answers next, by path; 200 where nothing is said. */
let answers: Record<string, (() => number)[]>;
let children: ChildProcess[];

const portOf = (server: Pick<Server, 'address'>): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  const stack = await services();
  kafka = new Kafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
  registry.close();
});

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-deliver-'));
  prefix = uniqueName('deliver');
  [requests, mails, answers, children] = [[], [], {}, []];
  encoders = await Promise.all(
    [keySchema(product), valueSchema(product)].map(async (schema, part) => ({
      id: await registry.register(`${prefix}.alerts-${part === 0 ? 'key' : 'value'}`, schema),
      type: exactAvroType(schema),
    })),
  );
  http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      requests.push({
        path: url,
        key: headers['idempotency-key'] as string | undefined,
        authorization: headers.authorization,
        body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
      });
      response.writeHead(answers[url]?.shift()?.() ?? 200).end('ok');
    });
  });
  smtp = new SMTPServer({
    authOptional: false,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, callback) => {
      callback(null, username === 'risk' && password === 'pass-word' ? { user: username } : {});
    },
    onRcptTo: ({ address }, _session, callback) => {
      callback(address.startsWith('nobody') ? Object.assign(new Error(`no ${address}`), { responseCode: 550 }) : null);
    },
    onData: (stream, _session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        callback();
      });
    },
  });
  await Promise.all([
    new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve)),
    new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve)),
  ]);
});

afterEach(async () => {
  for (const child of children) await kill(child);
  http.closeAllConnections();
  await Promise.all([
    new Promise((resolve) => http.close(resolve)),
    new Promise<void>((resolve) => {
      smtp.close(() => {
        resolve();
      });
    }),
  ]);
  await rm(dir, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const url = (name: string): string => `http://127.0.0.1:${portOf(http)}/${name}`;

async function configure(deliver: Readonly<Record<string, unknown>>): Promise<void> {
  const stack = await services();
  await writeFile(
    path.join(dir, 'realtime.json'),
    JSON.stringify({
      bootstrap_servers: stack.kafka.bootstrapServers,
      schema_registry: { url: stack.schemaRegistry.url },
      topic_prefix: prefix,
      topic_partitions: 1,
      products: ['alerts', 'balance_checks'],
      deliver: { settle_seconds: 0, ...deliver },
    }),
  );
}

interface Running {
  readonly child: ChildProcess;
  readonly text: () => string;
}

async function start(...more: readonly string[]): Promise<Running> {
  const child = spawn(commandPath('ewallet-realtime'), [
    ...['deliver', '--config', path.join(dir, 'realtime.json'), ...more],
  ]);
  children.push(child);
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => {
    expect(text).toContain(`delivering ${prefix}.alerts to `);
  }, PATIENCE);
  return { child, text: () => text };
}

async function stop({ child }: Running): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  return code;
}

/** One alert that is true now, or its tombstone. */
async function put(id: string, more: Readonly<Record<string, unknown>> | undefined): Promise<void> {
  const at = Date.now() * 1_000;
  const value = {
    alert_id: id,
    signal: 'velocity',
    customer_id: 17,
    subject: '',
    window_start: at - 600_000_000,
    window_end: at,
    transactions: 12,
    amount: '1234.5000',
    currency: 'USD',
    severity: 'medium',
    explanation: '12 transactions within 10 minutes',
    ...more,
  };
  const [key, body] = [{ alert_id: id }, value].map((content, part) =>
    frame(encoders[part]!.id, encoders[part]!.type.toBuffer(content)),
  );
  await producer.send({
    topic: `${prefix}.alerts`,
    messages: [{ key: key!, value: more === undefined ? null : body! }],
  });
}

const keysAt = (name: string): readonly (string | undefined)[] =>
  requests.filter((request) => request.path === `/${name}`).map(({ key }) => key);

/** How far the group has committed the topic of alerts. */
async function committed(): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId: `${prefix}-deliver`, topics: [`${prefix}.alerts`] });
    return Number(found?.partitions[0]?.offset);
  } finally {
    await admin.disconnect();
  }
}

test('webhook, Slack and e-mail get an alert once, its retraction, and nothing that was not settled', async () => {
  await configure({
    settle_seconds: 1,
    channels: {
      cases: { kind: 'webhook', url: url('cases'), headers: { Authorization: 'Bearer pass-word' } },
      risk: { kind: 'slack', url: url('slack'), min_severity: 'high', retractions: false },
      duty: {
        kind: 'email',
        server: `smtp://risk:pass-word@127.0.0.1:${portOf(smtp.server)}`,
        from: 'Alerts <alerts@wallet.example>',
        to: ['duty@wallet.example'],
        require_tls: false,
        min_severity: 'high',
        retractions: false,
      },
    },
  });
  const running = await start();
  await put('velocity-1', {});
  await put('velocity-2', {}); // Of a backlog: taken back at once.
  await put('velocity-2', undefined);
  for (const transactions of [13, 14]) {
    await put('velocity-1', undefined);
    await put('velocity-1', { transactions });
  }
  await put('velocity-3', { severity: 'high', customer_id: 18, explanation: 'a < b & c' });
  await put('velocity-4', { window_end: 0 }); // Far too old.
  await eventually(async () => {
    expect(await committed()).toBe(9);
  }, PATIENCE);
  const cases = requests.filter((request) => request.path === '/cases');
  expect(keysAt('cases')).toEqual(['velocity-1', 'velocity-3']);
  expect(cases[0]).toMatchObject({
    authorization: 'Bearer pass-word',
    body: {
      event: 'raised',
      idempotency_key: 'velocity-1',
      alert_id: 'velocity-1',
      signal: 'velocity',
      severity: 'medium',
      customer_id: '17',
      subject: null,
      transactions: 14,
      amount: '1234.5000',
      currency: 'USD',
      explanation: '12 transactions within 10 minutes',
    },
  });
  expect(keysAt('slack')).toEqual(['velocity-3']);
  expect(requests.find((request) => request.path === '/slack')?.body.text).toMatch(
    /^\*\[high\] velocity: customer 18\*\na &lt; b &amp; c\namount: 1234\.50 USD\ntransactions: 12\nfrom .*\nalert: velocity-3$/,
  );
  expect(mails).toHaveLength(1);
  for (const line of [
    /^To: duty@wallet\.example\r$/m,
    /^Subject: \[high\] velocity: customer 18\r$/m,
    /^Message-ID: <velocity-3@wallet\.example>\r$/m,
    /^Idempotency-Key: velocity-3\r$/m,
    /^a < b & c\r$/m,
  ]) {
    expect(mails[0]).toMatch(line);
  }

  // What was sent and is taken back is said; what changes later is not sent again.
  await put('velocity-1', undefined);
  await put('velocity-3', { severity: 'high', transactions: 40 });
  await eventually(async () => {
    expect(await committed()).toBe(11);
  }, PATIENCE);
  expect(keysAt('cases')).toEqual(['velocity-1', 'velocity-3', 'velocity-1/retracted']);
  expect(requests.at(-1)?.body).toEqual({
    event: 'retracted',
    idempotency_key: 'velocity-1/retracted',
    alert_id: 'velocity-1',
    signal: 'velocity',
    severity: 'medium',
    customer_id: '17',
  });
  expect({ slack: keysAt('slack').length, mails: mails.length }).toEqual({ slack: 1, mails: 1 });

  expect(await stop(running)).toBe(0);
  expect(running.text()).not.toMatch(/pass-word|127\.0\.0\.1|wallet\.example/);
});

test('a balance that differs for too long is told once, and that it adds up again; one that rows on their way explain is not', async () => {
  const ledger = { kind: 'webhook', url: url('ledger'), signals: ['balance_mismatch'] };
  await configure({ balance_seconds: 3, channels: { ledger, risk: { kind: 'webhook', url: url('risk') } } });
  const checks = await ProductEncoder.open(registry, prefix, productOf('balance_checks', types));
  const check = async (wallet: number, difference: string): Promise<void> => {
    const row = {
      ...{ wallet_id: wallet, wallet_kind: 'merchant', customer_id: null, currency: 'USD', balance: '7.0000' },
      ...{ movements: '7.0000', difference, unchanged_since: 0 },
    };
    await producer.send({ topic: checks.topic, messages: [checks.message(row)] });
  };
  const running = await start();
  await check(1, '0.0000');
  await check(2, '5.0000');
  await check(3, '-0.0100');
  await check(2, '0.0000');
  await check(3, '-0.0200');
  await eventually(() => {
    expect(keysAt('ledger')).toEqual(['balance_mismatch-3']);
  }, PATIENCE);
  expect(requests[0]?.body).toMatchObject({
    ...{ event: 'raised', alert_id: 'balance_mismatch-3', signal: 'balance_mismatch', severity: 'high', subject: '3' },
    ...{ amount: '-0.0200', currency: 'USD', window_end: '1970-01-01T00:00:00Z' },
  });
  await check(3, '0.0000');
  await eventually(() => {
    expect(keysAt('ledger')).toEqual(['balance_mismatch-3', 'balance_mismatch-3/retracted']);
  }, PATIENCE);
  expect(keysAt('risk')).toEqual([]);
  expect(await stop(running)).toBe(0);
});

test('kill -9 between a message and its commit repeats it with the same key, and repeats nothing that was written down', async () => {
  await configure({ channels: { cases: { kind: 'webhook', url: url('cases') } } });
  let running = await start();
  answers['/cases'] = [() => 503];
  await put('velocity-1', {});
  await eventually(async () => {
    expect(await committed()).toBe(1);
  }, PATIENCE);
  expect(keysAt('cases')).toEqual(['velocity-1', 'velocity-1']); // A failure is repeated.
  requests = [];
  // The receiver has the second one, and the sender dies before it knows.
  answers['/cases'] = [
    () => {
      running.child.kill('SIGKILL');
      return 200;
    },
  ];
  await put('velocity-2', {});
  await eventually(() => {
    expect(running.child.signalCode).toBe('SIGKILL');
  }, PATIENCE);
  expect(await committed()).toBe(1);
  running = await start();
  await eventually(async () => {
    expect(await committed()).toBe(2);
  }, PATIENCE);
  expect(keysAt('cases')).toEqual(['velocity-2', 'velocity-2']);

  // The log of deliveries outlives the group's offsets: all is read again, and nobody is told again.
  expect(await stop(running)).toBe(0);
  const admin = kafka.admin();
  await admin.connect();
  await admin.resetOffsets({ groupId: `${prefix}-deliver`, topic: `${prefix}.alerts`, earliest: true });
  await admin.disconnect();
  running = await start();
  await put('velocity-3', {});
  await eventually(() => {
    expect(keysAt('cases')).toContain('velocity-3');
  }, PATIENCE);
  expect(keysAt('cases')).toEqual(['velocity-2', 'velocity-2', 'velocity-3']);
});

test('what is refused, or fails for too long, is a dead letter with its cause, and holds up nothing that comes after it', async () => {
  answers['/cases'] = [() => 404, () => 503];
  await configure({
    channels: {
      cases: { kind: 'webhook', url: url('cases') },
      gone: { kind: 'webhook', url: `http://127.0.0.1:${await freePort()}/pass-word` },
      mail: {
        kind: 'email',
        server: `smtp://risk:pass-word@127.0.0.1:${portOf(smtp.server)}`,
        from: 'alerts@wallet.example',
        to: ['nobody@wallet.example'],
        require_tls: false,
        signals: ['velocity'],
      },
    },
    retry_minutes: 0,
  });
  // With no time for retries a failed attempt is final.
  const running = await start('--metrics-port', '0');
  await put('velocity-1', {});
  await producer.send({ topic: `${prefix}.alerts`, messages: [{ key: 'no Avro', value: 'pass-word' }] });
  await put('structuring-2', { signal: 'structuring' });
  const letters = await deadLetters(6);
  expect(letters).toEqual(
    [
      { channel: 'cases', key: 'velocity-1', cause: 'HTTP 404', offset: '0' },
      { channel: 'cases', key: 'structuring-2', cause: 'HTTP 503', offset: '2' },
      { channel: 'gone', key: 'velocity-1', cause: 'no connection (ECONNREFUSED)', offset: '0' },
      { channel: 'gone', key: 'structuring-2', cause: 'no connection (ECONNREFUSED)', offset: '2' },
      { channel: 'mail', key: 'velocity-1', cause: 'SMTP 550 at RCPT TO', offset: '0' },
      {
        channel: undefined,
        key: undefined,
        cause:
          "Not in Confluent's wire format: 7 bytes that start with 6e; expected a zero byte and a four-byte schema id.",
        offset: '1',
      },
    ].sort(byText),
  );
  await eventually(async () => {
    expect(await committed()).toBe(3);
  }, PATIENCE);
  const metrics = /metrics: (\S+)/.exec(running.text())?.[1] ?? '';
  const text = await (await fetch(metrics)).text();
  expect(text).toContain('ewallet_deliver_undeliverable_total{channel="gone"} 2');
  expect(text).toContain('ewallet_deliver_undeliverable_total{channel="cases"} 2');
  expect(text).toContain('ewallet_deliver_unreadable_total 1');
  expect(text).toContain('ewallet_deliver_skipped_total{channel="mail",why="unwanted"} 1');
  expect(await (await fetch(new URL('/health/ready', metrics))).json()).toEqual({ ready: true });
  expect(await stop(running)).toBe(0);
  expect(running.text()).not.toContain('pass-word');
});

test('killed at random moments, every alert arrives, and only what was on its way arrives twice', async () => {
  const seed = Date.now() % 100_000;
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  await configure({ channels: { a: { kind: 'webhook', url: url('a') }, b: { kind: 'webhook', url: url('b') } } });
  const expected: string[] = [];
  const kills = 2;
  for (let round = 0; round <= kills; round += 1) {
    const running = await start();
    for (let n = 0; n < 40; n += 1) {
      const id = `velocity-${round}-${n}`;
      expected.push(id);
      await put(id, {});
    }
    if (round === kills) break;
    const seen = requests.length + Math.floor(random() * 60);
    await eventually(() => {
      expect(requests.length).toBeGreaterThan(seen);
    }, PATIENCE);
    await kill(running.child);
  }
  await eventually(async () => {
    expect(await committed()).toBe(expected.length);
  }, PATIENCE);
  for (const channel of ['a', 'b']) {
    const keys = keysAt(channel);
    expect({ seed, keys: [...new Set(keys)].sort() }).toEqual({ seed, keys: [...expected].sort() });
    expect(keys.length).toBeLessThanOrEqual(expected.length + kills);
  }
});

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The dead letter topic, once it has so many. */
async function deadLetters(count: number): Promise<readonly object[]> {
  const found: object[] = [];
  const consumer = kafka.consumer({ groupId: uniqueName('letters'), maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: `${prefix}-undelivered`, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message: { headers = {} } }) => {
        const header = (name: string): string | undefined => headers[name]?.toString();
        found.push({
          channel: header('ewallet.deliver.channel'),
          key: header('ewallet.deliver.idempotency_key'),
          cause: header('__connect.errors.exception.message'),
          offset: header('__connect.errors.offset'),
        });
        return Promise.resolve();
      },
    });
    await eventually(() => {
      expect(found.length).toBeGreaterThanOrEqual(count);
    }, PATIENCE);
    return found.sort(byText);
  } finally {
    await consumer.disconnect();
  }
}
