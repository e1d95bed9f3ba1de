import { startStack, type RunningStack } from '@ewallet/local-stack';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CertificateAuthority } from '../../support/certificates';
import { runCommand } from '../../support/command';
import { REGISTRAR, startRegistryGateway } from '../../support/registry-gateway';
import { RealtimeCase } from '../../support/realtime/realtime-case';

jest.setTimeout(900_000);

const PASSWORD = 'stream-secret';

let dir: string;
let stack: RunningStack;
let registry: Server;
let live: RealtimeCase;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-realtime-secured-'));
  const authority = await CertificateAuthority.create(dir);
  const broker = await authority.issue('broker');
  stack = await startStack({
    dir: path.join(dir, 'stack'),
    only: ['kafka', 'schemaRegistry'],
    kafka: {
      listeners: [{ name: 'LOGIN', protocol: 'SASL_SSL' }],
      properties: {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': '{dir}/broker.pem',
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': '{dir}/ca.pem',
        'listener.name.login.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'listener.name.login.scram-sha-512.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      },
      files: { 'broker.pem': `${broker.key}${broker.certificate}`, 'ca.pem': authority.certificate },
      scramUsers: [{ mechanism: 'SCRAM-SHA-512', user: 'stream', password: PASSWORD }],
    },
  });
  const { kafka, schemaRegistry } = stack.connections;
  const pair = await authority.issue('registry');
  registry = await startRegistryGateway({ cert: pair.certificate, key: pair.key }, schemaRegistry.url);
  live = await RealtimeCase.open(
    'secured',
    (wallet) => ({ topic_partitions: 1, products: ['minute_volumes'], wallet: { 'connection.url': wallet.url } }),
    { kafka, schemaRegistry },
  );
  const client = await authority.issue('client');
  await live.configure({
    bootstrap_servers: stack.listeners.LOGIN,
    protocol: {
      security_protocol: 'SASL_SSL',
      sasl_mechanism: 'SCRAM-SHA-512',
      username: 'stream',
      password: PASSWORD,
      ca_certificate: authority.certificate,
      client_certificate: client.certificate,
      client_key: client.key,
    },
    schema_registry: {
      url: `https://127.0.0.1:${(registry.address() as AddressInfo).port}`,
      ...REGISTRAR,
      ca_certificate: authority.certificate,
    },
  });
});

afterAll(async () => {
  await live.close();
  registry.closeAllConnections();
  registry.close();
  await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

test('a job runs over mutual TLS and SCRAM to Kafka and over TLS and a login to the registry, and its results are right', async () => {
  await runCommand('ewallet-simulator', ['seed', '--database-url', live.wallet.url, '--rows', '300', '--seed', '22']);
  await live.sync();
  const up = await live.run('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  const result = await live.run('verify', '--settle', '180');
  expect({ code: result.code, stdout: result.stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^minute_volumes: \d{2,} rows, equal\n$/) as string,
  });
  const down = await live.run('down');
  expect(down).toMatchObject({ code: 0, stderr: `ended what ran from ${path.join(live.dir, 'cluster')}\n` });
});
