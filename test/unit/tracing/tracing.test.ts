import { askedTracing, type Environment } from '../../../packages/tracing/src/switch';
import { PROJECT_ROOT, runProgram } from '../../support/command';

const PROTOBUF = { kind: 'on', protocol: 'http/protobuf' };
const refused = (what: string) => ({ kind: 'refused', reason: `Nothing is traced: ${what}.` });
const ENDPOINT = 'http://localhost:4318';

test.each<[Environment, object]>([
  [{}, { kind: 'off' }],
  [{ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }, { kind: 'off' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, { kind: 'off' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, PROTOBUF],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/v1/traces` }, PROTOBUF],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, PROTOBUF],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, { kind: 'off' }],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, { kind: 'off' }],
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, refused('OTEL_TRACES_EXPORTER is zipkin; known are otlp and none')],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    refused('OTEL_EXPORTER_OTLP_PROTOCOL is grpc; known are http/protobuf and http/json (port 4318)'),
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
    { kind: 'on', protocol: 'http/json' },
  ],
])('%j asks for %j', (environment, asked) => {
  expect(askedTracing(environment)).toEqual(asked);
});

/** What a program of its own prints, as JSON, with the built package. */
async function printed(script: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const program = `
    const { openTracing } = require('@ewallet/tracing');
    const show = (value) => console.log(JSON.stringify(value));
    (async () => { ${script} })();`;
  const { stdout, stderr } = await runProgram(process.execPath, ['-e', program], { cwd: PROJECT_ROOT, env });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as unknown;
}

test('a span continues the trace that it is given, and hands on its own place in it', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const parents = [`00-${trace}-00f067aa0ba902b7-01`, `00-${trace}-00f067aa0ba902b7-00`, 'what is none'];
  const contexts = (await printed(`
    const tracing = await openTracing('test', { OTEL_TRACES_EXPORTER: 'otlp' }, () => undefined);
    show(${JSON.stringify(parents)}.map((parent) => tracing.start('a', parent).child('b').context));
  `)) as readonly string[];
  expect(contexts).toEqual([
    expect.stringMatching(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`)),
    // Whoever began it chose not to trace it.
    expect.stringMatching(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`)),
    expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
  ]);
  expect(contexts[2]).not.toContain(trace);
});

test('nobody pays for the SDK who did not ask for it', async () => {
  const loaded = await printed(`
    await openTracing('test', {}, console.error);
    show(Object.keys(require.cache).filter((file) => file.includes('opentelemetry')).length);
  `);
  expect(loaded).toBe(0);
});

test('a collector that never answers is not waited for', async () => {
  const happened = await printed(`
    const happened = [];
    const server = require('node:http').createServer((request) => {
      happened.push('asked');
      request.socket.on('close', () => happened.push('given up'));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:' + server.address().port;
    const tracing = await openTracing('test', process.env, () => undefined);
    tracing.start('a').end();
    await tracing.close();
    happened.push('closed');
    show(happened);
    process.exit(0);
  `);
  expect(happened).toEqual(['asked', 'closed']);
});
