import { startStack, type RunningStack } from '@ewallet/local-stack';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type Admin,
} from 'kafkajs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  catalogOf,
  messagesOf,
  recordLine,
  runCheck,
  runWrite,
  stateLine,
  traceError,
} from '../../support/destination/destination-run';
import { eventually } from '../../support/eventually';
import { TokenServer } from '../../support/destination/token-server';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

let dir: string;
let stack: RunningStack;
let tokens: TokenServer;
let admin: Admin;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-destination-authorisation-'));
  tokens = await TokenServer.start({ id: 'pipeline', secret: 'client-secret', scope: 'write' });
  stack = await startStack({
    dir,
    only: ['kafka', 'schemaRegistry'],
    kafka: {
      listeners: [
        { name: 'OAUTH', protocol: 'SASL_PLAINTEXT' },
        { name: 'LOGIN', protocol: 'SASL_PLAINTEXT' },
      ],
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:pipeline',
        'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.oauth.oauthbearer.sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
        'listener.name.oauth.oauthbearer.sasl.server.callback.handler.class':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
        'listener.name.oauth.oauthbearer.sasl.oauthbearer.jwks.endpoint.url': tokens.url('/keys'),
        'listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.audience': 'kafka',
        'sasl.oauthbearer.jwks.endpoint.url': tokens.url('/keys'),
        'sasl.oauthbearer.expected.audience': 'kafka',
        'listener.name.login.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.login.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_limited="secret";',
      },
      systemProperties: { 'org.apache.kafka.sasl.oauthbearer.allowed.urls': tokens.url('/keys') },
    },
  });
  admin = new Kafka({
    brokers: [stack.connections.kafka.bootstrapServers],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await stack.stop();
  await tokens.stop();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (listener: string, protocol: Record<string, unknown>): Record<string, unknown> => ({
  bootstrap_servers: stack.listeners[listener],
  protocol: { security_protocol: 'SASL_PLAINTEXT', ...protocol },
  schema_registry: { url: stack.connections.schemaRegistry.url },
  request_timeout_ms: 5_000,
});

const oauth = (more: Record<string, unknown> = {}): Record<string, unknown> =>
  configOf('OAUTH', {
    sasl_mechanism: 'OAUTHBEARER',
    oauth_token_url: tokens.url('/token'),
    oauth_client_id: 'pipeline',
    oauth_client_secret: 'client-secret',
    oauth_scope: 'write',
    ...more,
  });

const stream = (name: string): { name: string; namespace: string; properties: Record<string, unknown> } => ({
  name,
  namespace: 'public',
  properties: { id: { type: 'integer' } },
});

test('OAUTHBEARER by client credentials: check and write succeed', async () => {
  expect(await runCheck(oauth())).toEqual({ code: 0, status: { status: 'SUCCEEDED' } });
  const target = stream(uniqueName('oauth'));
  const { code, stdout } = await runWrite(
    oauth(),
    catalogOf([target]),
    recordLine(target, '{"id":1}') + stateLine(target, {}),
  );
  expect({ code, acknowledged: stdout.includes('"recordCount":1') }).toEqual({ code: 0, acknowledged: true });
});

test.each([
  [
    'a wrong client secret',
    { oauth_client_secret: 'a-wrong-secret' },
    (): string =>
      `The OAuth token endpoint ${tokens.url('/token')} refused the client credentials (HTTP 401). Check \`oauth_client_id\`, \`oauth_client_secret\` and \`oauth_scope\`.`,
  ],
  [
    'a scope that the client lacks',
    { oauth_scope: 'everything' },
    (): string =>
      `The OAuth token endpoint ${tokens.url('/token')} refused the client credentials (HTTP 400). Check \`oauth_client_id\`, \`oauth_client_secret\` and \`oauth_scope\`.`,
  ],
  [
    'a token endpoint that is not there',
    { oauth_token_url: 'http://127.0.0.1:1/token' },
    (): string => 'The OAuth token endpoint http://127.0.0.1:1/token could not be reached. Check `oauth_token_url`.',
  ],
])('%s: check names the token endpoint, and no secret', async (_, more, message) => {
  const { code, status } = await runCheck(oauth(more));
  expect({ code, status }).toEqual({ code: 0, status: { status: 'FAILED', message: message() } });
});

/** Lets the limited user do something, and waits until the broker acts by it. */
async function grant(
  resourceType: AclResourceTypes,
  resourceName: string,
  ...operations: readonly AclOperationTypes[]
): Promise<void> {
  await admin.createAcls({
    acl: operations.map((operation) => ({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:limited',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
  await eventually(async () => {
    const { resources } = await admin.describeAcls({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:limited',
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
    });
    const granted = resources.flatMap(({ acls }) => acls.map(({ operation }) => operation));
    expect(granted).toEqual(expect.arrayContaining([...operations]));
  });
}

const { CREATE, DESCRIBE, WRITE } = AclOperationTypes;
const limited = (): Record<string, unknown> =>
  configOf('LOGIN', { sasl_mechanism: 'PLAIN', username: 'limited', password: 'secret' });

test('each right that is missing is named with its principal, resource and ACL, and those named suffice', async () => {
  const [allowed, forbidden] = [stream(uniqueName('granted')), stream(uniqueName('denied'))];
  const checked = async (): Promise<unknown> => (await runCheck(limited())).status;
  const failed = (message: string): unknown => ({ status: 'FAILED', message });
  const written = async (...streams: readonly (typeof allowed)[]): Promise<unknown> => {
    const records = streams.map((one) => recordLine(one, '{"id":1}'));
    const lines = [...records, ...streams.map((one) => stateLine(one, {}))].join('');
    const { code, stdout } = await runWrite(limited(), catalogOf([...streams]), lines);
    return { code, error: traceError(stdout), states: messagesOf(stdout, 'STATE').length };
  };
  const refused = (message: string): unknown => ({ code: 1, error: { kind: 'config_error', message }, states: 0 });

  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: '_airbyte_dead_letters', numPartitions: 1 }] });
  expect(await checked()).toEqual(
    failed(
      'Topic _airbyte_dead_letters does not exist, or User:limited may not see it, and it may not create it either. Create the topic by hand (1 partitions) and grant WRITE and DESCRIBE on it, or grant CREATE, WRITE and DESCRIBE on topic _airbyte_dead_letters.',
    ),
  );
  await grant(AclResourceTypes.TOPIC, '_airbyte_dead_letters', DESCRIBE);
  expect(await checked()).toEqual(
    failed(
      "`create_topics` is on and User:limited may not create topic _airbyte_dead_letters, so it may hardly create the streams' topics. Grant it CREATE on that topic and on the streams', or on the cluster; or create the topics by hand and set `create_topics` to false.",
    ),
  );
  await grant(AclResourceTypes.TOPIC, '_airbyte_dead_letters', CREATE);
  expect(await checked()).toEqual(
    failed(
      'Kafka could not take the transactional id "destination-kafka-check": User:limited may not (TRANSACTIONAL_ID_AUTHORIZATION_FAILED). Grant it WRITE and DESCRIBE on transactional ids with the prefix "destination-kafka".',
    ),
  );
  await grant(AclResourceTypes.TRANSACTIONAL_ID, 'destination-kafka', WRITE, DESCRIBE);
  expect(await checked()).toEqual(
    failed(
      'Kafka could not begin a transaction on topic _airbyte_dead_letters: User:limited may not (TOPIC_AUTHORIZATION_FAILED). Grant it WRITE and DESCRIBE on topic _airbyte_dead_letters.',
    ),
  );
  await grant(AclResourceTypes.TOPIC, '_airbyte_dead_letters', WRITE);
  expect(await checked()).toEqual({ status: 'SUCCEEDED' });

  expect(await written(allowed)).toEqual(
    refused(
      `Topic public.${allowed.name} does not exist, or User:limited may not see it, and it may not create it either. Create the topic by hand (4 partitions) and grant WRITE and DESCRIBE on it, or grant CREATE, WRITE and DESCRIBE on topic public.${allowed.name}.`,
    ),
  );
  await grant(AclResourceTypes.TOPIC, `public.${allowed.name}`, CREATE, WRITE, DESCRIBE);
  await grant(AclResourceTypes.TOPIC, `public.${forbidden.name}`, CREATE, DESCRIBE);
  expect(await written(allowed, forbidden)).toEqual(
    refused(
      `Kafka could not begin a transaction on topic public.${forbidden.name}: User:limited may not (TOPIC_AUTHORIZATION_FAILED). Grant it WRITE and DESCRIBE on topic public.${forbidden.name}.`,
    ),
  );
  expect(await written(allowed)).toEqual({ code: 0, error: undefined, states: 1 });
});
