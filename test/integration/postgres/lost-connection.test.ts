import Cursor from 'pg-cursor';
import { to as copyTo } from 'pg-copy-streams';
import { buffer } from 'node:stream/consumers';
import type { Client } from 'pg';
import {
  connect,
  failureFromPostgres,
  isTransientPostgresError,
  parseConnectionUrl,
  sqlStateOf,
} from '@ewallet/postgres';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'lost');
  admin = await connectedTo(database);
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

async function opened(settings = {}): Promise<Client> {
  return connect(parseConnectionUrl(`${database.url}?sslmode=disable`), { applicationName: 'lost', settings });
}

/** What the next statements of each form fail with. */
async function told(client: Client): Promise<readonly unknown[]> {
  return Promise.all([
    client.query('select 1').catch((error: unknown) => error),
    client.query({ text: 'select $1::int', values: [1] }).catch((error: unknown) => error),
    buffer(client.query(copyTo('copy (select 1) to stdout'))).catch((error: unknown) => error),
    client
      .query(new Cursor('select 1'))
      .read(1)
      .catch((error: unknown) => error),
  ]);
}

test.each([
  [
    'a session that an administrator ends',
    async (client: Client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    },
    '57P01',
    'Could not read: terminating connection due to administrator command. The server is stopping, starting or was told to end the session.',
  ],
  [
    'a transaction that was idle longer than the role may be',
    async (client: Client) => {
      await client.query(`set idle_in_transaction_session_timeout = '10ms'; begin`);
    },
    '25P03',
    'Could not read: terminating connection due to idle-in-transaction timeout. A session or transaction time-out of the server ended it: raise it for this role.',
  ],
])(
  'after the loss of an idle connection each statement, COPY and cursor says what ended it: %s',
  async (_, end, state, message) => {
    const client = await opened();
    try {
      const lost = new Promise<void>((resolve) => client.once('end', resolve));
      await end(client);
      await lost;
      const errors = await told(client);
      expect(errors.map(sqlStateOf)).toEqual([state, state, state, state]);
      expect(errors.map((error) => failureFromPostgres(error, { what: 'Could not read' }).message)).toEqual(
        errors.map(() => message),
      );
      expect(errors.every(isTransientPostgresError)).toBe(true);
    } finally {
      await client.end();
    }
  },
);
