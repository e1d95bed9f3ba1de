import { startStack, type RunningStack } from '@ewallet/local-stack';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CertificateAuthority, type Pair } from '../../support/certificates';
import { catalogOf, recordLine, runCheck, runWrite, stateLine } from '../../support/destination/destination-run';
import { startRegistryGateway } from '../../support/registry-gateway';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

let dir: string;
let stack: RunningStack;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let client: Pair;
let registry: Server;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-destination-security-'));
  authority = await CertificateAuthority.create(await mkdtemp(path.join(dir, 'ca-')));
  stranger = await CertificateAuthority.create(await mkdtemp(path.join(dir, 'stranger-')));
  const broker = await authority.issue('broker');
  client = await authority.issue('client');
  stack = await startStack({
    dir: path.join(dir, 'stack'),
    only: ['kafka', 'schemaRegistry'],
    kafka: {
      listeners: [
        { name: 'TLS', protocol: 'SSL' },
        { name: 'MUTUAL', protocol: 'SSL' },
        { name: 'LOGIN', protocol: 'SASL_SSL' },
      ],
      properties: {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': '{dir}/broker.pem',
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': '{dir}/ca.pem',
        'listener.name.mutual.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
        'listener.name.login.scram-sha-256.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
        'listener.name.login.scram-sha-512.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
        'listener.name.login.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_plain="plain-secret";',
      },
      files: { 'broker.pem': `${broker.key}${broker.certificate}`, 'ca.pem': authority.certificate },
      scramUsers: [
        { mechanism: 'SCRAM-SHA-256', user: 'small', password: 'small-secret' },
        { mechanism: 'SCRAM-SHA-512', user: 'large', password: 'large-secret' },
      ],
    },
  });
  const pair = await authority.issue('registry');
  // It demands a client certificate too.
  registry = await startRegistryGateway(
    {
      cert: pair.certificate,
      key: pair.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    stack.connections.schemaRegistry.url,
    ['Bearer registry-token'],
  );
});
afterAll(async () => {
  registry.closeAllConnections();
  registry.close();
  await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (listener: string, protocol: Record<string, unknown>): Record<string, unknown> => ({
  bootstrap_servers: stack.listeners[listener],
  protocol,
  schema_registry: { url: stack.connections.schemaRegistry.url },
  request_timeout_ms: 5_000,
});

const ways: readonly (readonly [string, string, () => Record<string, unknown>])[] = [
  ['TLS with a private authority', 'TLS', () => ({ security_protocol: 'SSL', ca_certificate: authority.certificate })],
  [
    'mutual TLS by pasted PEM',
    'MUTUAL',
    () => ({
      security_protocol: 'SSL',
      ca_certificate: authority.certificate,
      client_certificate: client.certificate,
      client_key: client.key,
    }),
  ],
  ...(
    [
      ['SCRAM-SHA-256', { username: 'small', password: 'small-secret' }],
      ['SCRAM-SHA-512', { username: 'large', password: 'large-secret' }],
      [
        'PLAIN',
        {
          sasl_jaas_config:
            'org.apache.kafka.common.security.plain.PlainLoginModule required username="plain" password="plain-secret";',
        },
      ],
    ] as const
  ).map(
    ([mechanism, login]) =>
      [
        `${mechanism} over TLS`,
        'LOGIN',
        () => ({
          security_protocol: 'SASL_SSL',
          ca_certificate: authority.certificate,
          sasl_mechanism: mechanism,
          ...login,
        }),
      ] as const,
  ),
];

test.each(ways)('%s: check and write succeed', async (_, listener, protocol) => {
  const config = configOf(listener, protocol());
  expect(await runCheck(config)).toEqual({ code: 0, status: { status: 'SUCCEEDED' } });
  const stream = { name: uniqueName('secure'), namespace: 'public' };
  const catalog = catalogOf([{ ...stream, properties: { id: { type: 'integer' } } }]);
  const { code, stdout } = await runWrite(config, catalog, recordLine(stream, '{"id":1}') + stateLine(stream, {}));
  expect({ code, acknowledged: stdout.includes('"recordCount":1') }).toEqual({ code: 0, acknowledged: true });
});

const refusals: readonly (readonly [string, string, () => Record<string, unknown>, string])[] = [
  [
    'an unknown authority',
    'TLS',
    () => ({ security_protocol: 'SSL', ca_certificate: stranger.certificate }),
    'Kafka could not be reached',
  ],
  [
    'no client certificate where one is demanded',
    'MUTUAL',
    () => ({ security_protocol: 'SSL', ca_certificate: authority.certificate }),
    'Kafka could not be reached',
  ],
  [
    'a wrong password',
    'LOGIN',
    () => ({
      security_protocol: 'SASL_SSL',
      ca_certificate: authority.certificate,
      sasl_mechanism: 'SCRAM-SHA-512',
      username: 'large',
      password: 'a-wrong-secret',
    }),
    'it refused the SASL login. Check the mechanism, the user name and the password.',
  ],
];

test.each(refusals)('%s: check fails and says so, without the secret', async (_, listener, protocol, message) => {
  const { code, status } = await runCheck(configOf(listener, protocol()));
  expect({ code, status }).toEqual({
    code: 0,
    status: { status: 'FAILED', message: expect.stringContaining(message) as string },
  });
  expect(JSON.stringify(status)).not.toContain('a-wrong-secret');
});

test('the registry takes TLS with a client certificate and basic or bearer authentication; what it refuses is named', async () => {
  const url = `https://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const config = (login: Record<string, unknown>): Record<string, unknown> => ({
    bootstrap_servers: stack.connections.kafka.bootstrapServers,
    schema_registry: {
      url,
      ...login,
      ca_certificate: authority.certificate,
      client_certificate: client.certificate,
      client_key: client.key,
    },
  });
  const username = 'registrar';
  const succeeded = { code: 0, status: { status: 'SUCCEEDED' } };
  expect(await runCheck(config({ username, password: 'registry-secret' }))).toEqual(succeeded);
  expect(await runCheck(config({ bearer_token: 'registry-token' }))).toEqual(succeeded);
  for (const login of [{ username, password: 'wrong' }, { bearer_token: 'wrong' }, {}]) {
    expect(await runCheck(config(login))).toEqual({
      code: 0,
      status: {
        status: 'FAILED',
        message: `Schema registry ${url}/ refused to list subjects (HTTP 401). Check the credentials and the rights of their user.`,
      },
    });
  }
});
