import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

let sinks: SinkCase;
let sink: SinkProcess;
let url: string;
const name = uniqueName('contract');
const topic = `${name}.${name}`;

beforeAll(async () => {
  sinks = await SinkCase.open();
  await createTopic(sinks.kafka, topic, 2);
  sink = SinkProcess.start('run', sinks.config(name));
  url = await eventually(() => {
    const started = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
    if (started === undefined) throw new Error('not started');
    return started;
  });
  await eventually(async () => {
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });
});
afterAll(async () => {
  const exit = await sink.stop();
  await sinks.close();
  expect(exit.code).toBe(0);
});

async function call(method: string, target: string, body?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + target, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

/** What a client that normalises no path sends. */
async function rawStatus(requestLine: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`${requestLine} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer.split(' ')[1] ?? answer;
}

test('what is wrong with a request is answered with 4xx and a reason, never with 500', async () => {
  expect(await rawStatus('GET //')).toBe('404');
  expect(await rawStatus('GET //connectors')).toBe('404');
  expect(await rawStatus('GET /connectors//status')).toBe('404');
  expect(await rawStatus('GET http://x/connectors')).toBe('400');
  expect(await rawStatus('OPTIONS *')).toBe('400');
  expect(await call('GET', '/connectors/%E0%A4%A')).toEqual({
    status: 400,
    body: { error_code: 400, message: 'The path has an escape that is no UTF-8.' },
  });
  expect(await call('PATCH', `/connectors/${name}/offsets`, 'x'.repeat(2 << 20))).toEqual({
    status: 413,
    body: { error_code: 413, message: 'The body is longer than 1048576 bytes.' },
  });
  expect(await call('PATCH', `/connectors/${name}/offsets`, '{"offsets":')).toEqual({
    status: 400,
    body: { error_code: 400, message: 'The body is not JSON.' },
  });
  for (const unknown of ['constructor', '__proto__', 'toString', 'tasks/1/status']) {
    expect((await call('GET', `/connectors/${name}/${unknown}`)).status).toBe(404);
    expect((await call('GET', `/${unknown}`)).status).toBe(404);
  }
});

test('a method that a path does not have is 405, with those it has', async () => {
  const refused = async (method: string, target: string) => {
    const response = await fetch(url + target, { method });
    return { status: response.status, allow: response.headers.get('allow') };
  };
  expect(await refused('DELETE', '/')).toEqual({ status: 405, allow: 'GET, HEAD' });
  expect(await refused('POST', '/connectors')).toEqual({ status: 405, allow: 'GET, HEAD' });
  expect(await refused('PUT', `/connectors/${name}/config`)).toEqual({ status: 405, allow: 'GET, HEAD' });
  expect(await refused('POST', `/connectors/${name}/offsets`)).toEqual({
    status: 405,
    allow: 'GET, HEAD, PATCH, DELETE',
  });
  const head = await fetch(`${url}/connectors/${name}/status`, { method: 'HEAD' });
  expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
});

test('the worker is shown with the port that it listens on, though rest.port is 0', async () => {
  const { port, hostname } = new URL(url);
  const worker_id = `${hostname}:${port}`;
  expect(await call('GET', `/connectors/${name}/status`)).toEqual({
    status: 200,
    body: {
      name,
      connector: { state: 'RUNNING', worker_id },
      tasks: [{ id: 0, state: 'RUNNING', worker_id }],
      type: 'sink',
    },
  });
});

test('offsets of topics and partitions that the connector does not read are refused, and no other is changed with them', async () => {
  const entry = (kafka_topic: string, kafka_partition: number, offset: unknown) => ({
    partition: { kafka_topic, kafka_partition },
    offset,
  });
  const patch = async (...offsets: unknown[]) =>
    call('PATCH', `/connectors/${name}/offsets`, JSON.stringify({ offsets }));
  expect((await call('PUT', `/connectors/${name}/stop`)).status).toBe(204);
  const before = await call('GET', `/connectors/${name}/offsets`);
  const refused = (message: string) => ({ status: 400, body: { error_code: 400, message } });
  const good = entry(topic, 0, { kafka_offset: 0 });
  for (const unknown of ['elsewhere', `${name}.\u0000`, 'x'.repeat(300)]) {
    expect(await patch(good, entry(unknown, 0, { kafka_offset: 1 }))).toEqual(
      refused(
        `Topic ${unknown} does not exist, or the connector's topics and topics.regex do not choose it. No offset was changed.`,
      ),
    );
  }
  expect(await patch(good, entry(topic, 2, { kafka_offset: 1 }))).toEqual(
    refused(`Topic ${topic} has no partition 2; it has 0 to 1. No offset was changed.`),
  );
  expect((await patch(good, entry(topic, 2 ** 40, null))).status).toBe(400);
  expect(await call('GET', `/connectors/${name}/offsets`)).toEqual(before);
  // What is left of a topic that was deleted may be forgotten.
  await sinks.rows(
    `insert into sink.offsets (connector, topic, partition, next_offset, fence) values ($1, 'gone', 0, 5, 1)`,
    [name],
  );
  expect((await patch(entry('gone', 0, null))).status).toBe(200);
  expect(await call('GET', `/connectors/${name}/offsets`)).toEqual(before);
});

test('schemathesis finds no answer outside of Kafka Connect’s contract', async () => {
  const contract = path.join(sinks.directory, 'connect-rest.yaml');
  const text = readFileSync(path.join(PROJECT_ROOT, 'test/data/connect-rest.yaml'), 'utf8');
  writeFileSync(contract, text.replaceAll('{name}', name));
  await call('PUT', `/connectors/${name}/stop`);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const child = spawn(
    path.join(PROJECT_ROOT, '.venv-contract/bin/schemathesis'),
    // prettier-ignore
    ['run', contract, '--url', url, '--seed', String(seed), '--max-examples', '4', '--no-shrink', '--no-color',
      '--exclude-operation-id', 'destroyConnector', // ends the process
      '--phases', 'examples,coverage,fuzzing', '--warnings', 'off', '--generation-database', 'none',
      '--exclude-checks', 'positive_data_acceptance'], // a topic of any name fits the schema, and is refused
    { cwd: sinks.directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect({ seed, code, output: code === 0 ? '' : output }).toEqual({ seed, code: 0, output: '' });
  expect(output).toMatch(/No issues found/);
});
