import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MIGRATIONS, migrateSinkSchema } from '@ewallet/sink-schema';
import type { Client } from 'pg';
import { PROJECT_ROOT } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { SinkProcess, runSink, writeConfig } from '../../support/sink/sink-process';
import { SinkCase } from '../../support/sink/sink-case';
import { sinkConfig } from '../../support/configurations';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(60_000);

const DUMP = readFileSync(path.join(PROJECT_ROOT, 'test/data/sink-schema-0.1.0.sql'), 'utf8');
const NEWEST = MIGRATIONS.length;

/** Everything that defines the schema: columns, constraints, indexes, comments. */
async function definition(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) as "default"
       from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where c.relnamespace = 'sink'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
     union all
     select conrelid::regclass::text, conname, pg_get_constraintdef(oid), null, null
       from pg_constraint where connamespace = 'sink'::regnamespace and contype <> 'n'
     union all
     select c.relname, 'comment', obj_description(c.oid, 'pg_class'), null, null from pg_class c
       where c.relnamespace = 'sink'::regnamespace and c.relkind = 'r'
     order by 1, 2, 3`,
  );
  return rows as unknown[];
}

async function withDatabase(job: (database: FreshDatabase) => Promise<void>): Promise<void> {
  const database = await freshDatabase((await services()).warehouse, 'migrations');
  try {
    await job(database);
  } finally {
    await database.drop();
  }
}

async function using(database: FreshDatabase, job: (client: Client) => Promise<void>): Promise<void> {
  const client = await connectedTo(database);
  try {
    await job(client);
  } finally {
    await client.end();
  }
}

test('a warehouse of version 0.1.0 is upgraded in place by many instances at once, to the schema of a new one, keeping its state', async () => {
  const fresh: unknown[] = [];
  await withDatabase(async (database) =>
    using(database, async (client) => {
      expect(await migrateSinkSchema(client)).toBe(NEWEST);
      fresh.push(...(await definition(client)));
    }),
  );
  await withDatabase(async (database) =>
    using(database, async (client) => {
      await client.query(DUMP);
      const state = async () => {
        const all: Record<string, unknown> = {};
        for (const table of ['offsets', 'dead_letters', 'connectors'])
          all[table] = (await client.query(`select * from sink.${table} as t order by t::text`)).rows;
        return all;
      };
      const before = await state();
      const instances = await Promise.all(Array.from({ length: 6 }, async () => connectedTo(database)));
      try {
        const reached = await Promise.all(instances.map(async (instance) => migrateSinkSchema(instance)));
        expect(reached).toEqual(instances.map(() => NEWEST));
      } finally {
        await Promise.all(instances.map(async (instance) => instance.end()));
      }
      expect(await definition(client)).toEqual(fresh);
      expect(await state()).toEqual(before);
      const { rows } = await client.query('select number, title from sink.migrations order by number');
      expect(rows).toEqual(MIGRATIONS.map(({ number, title }) => ({ number, title })));
    }),
  );
});

test('migrations are numbered from 1 without a gap', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test('a migration that fails leaves the schema as it was, and the next attempt finds it so', async () => {
  await withDatabase(async (database) =>
    using(database, async (client) => {
      await migrateSinkSchema(client);
      const before = await definition(client);
      const broken = [
        ...MIGRATIONS,
        { number: NEWEST + 1, title: 'half', statements: ['create table sink.half ()', 'select no_such_function()'] },
      ];
      await expect(migrateSinkSchema(client, broken)).rejects.toMatchObject({
        kind: 'config_error',
        message: expect.stringContaining(`Could not bring the schema sink to migration ${NEWEST + 1}: `) as unknown,
      });
      expect(await definition(client)).toEqual(before);
      expect(await migrateSinkSchema(client)).toBe(NEWEST);
    }),
  );
});

describe('the sink itself', () => {
  let sinks: SinkCase;
  beforeAll(async () => {
    sinks = await SinkCase.open();
  });
  afterAll(async () => sinks.close());

  test('refuses a schema that a newer version has migrated, in every command, and says so', async () => {
    await migrateSinkSchema(sinks.warehouse);
    const config = sinks.config(uniqueName('older'));
    await sinks.rows(`insert into sink.migrations (number, title) values (${NEWEST + 1}, 'of tomorrow')`);
    try {
      const refusal = `sink-warehouse: The warehouse's schema sink is at migration ${NEWEST + 1}, and this program knows ${NEWEST}: a newer version has been here. Install that version or a later one; nothing was read or written.\n`;
      const validate = await runSink('validate', config);
      expect({ code: validate.code, stderr: validate.stderr }).toEqual({ code: 2, stderr: refusal });
      const run = await SinkProcess.start('run', config).exited;
      expect({ code: run.code, said: run.stderr.endsWith(refusal) }).toEqual({ code: 2, said: true });
    } finally {
      await sinks.rows(`delete from sink.migrations where number = ${NEWEST + 1}`);
    }
  });

  test('works with few rights on a schema that its owner migrated, and names the way where it may not migrate', async () => {
    const role = uniqueName('few').replaceAll('-', '_');
    const { database } = sinks.database;
    await sinks.rows(`create role ${role} login password '${role}'`);
    try {
      const url = sinks.database.url.replace(/\/\/[^@]+@/, `//${role}:${role}@`);
      const base = sinkConfig(sinks.stack, sinks.database, uniqueName('few'));
      const config = writeConfig(sinks.directory, { ...base, 'connection.url': url }, `${role}.json`);
      await sinks.rows(`drop schema if exists sink cascade`);
      const refused = await runSink('validate', config);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toBe(
        `sink-warehouse: The warehouse's schema sink has to be brought to migration ${NEWEST}, and this role may not change it: permission denied for database ${database}. ` +
          "Run `sink-warehouse validate` once with a connection.url of the schema's owner (a new schema needs CREATE on the database), then grant this role SELECT, INSERT, UPDATE, DELETE on all tables in schema sink.\n",
      );
      await migrateSinkSchema(sinks.warehouse);
      await sinks.rows(`grant usage on schema sink to ${role}`);
      await sinks.rows(`grant select, insert, update, delete on all tables in schema sink to ${role}`);
      const valid = await runSink('validate', config);
      expect({ code: valid.code, stderr: valid.stderr }).toEqual({ code: 0, stderr: '' });
      // No topic is there yet: that is valid before the first sync, and is said.
      expect(valid.stdout).toContain(
        `schema sink at migration ${NEWEST}\nwarning: nothing lands yet, as no topic is there that the configuration names. Run a first sync; where one ran, compare topics or topics.regex with the topic_pattern of the destination.\nvalid\n`,
      );
    } finally {
      await sinks.rows(`drop owned by ${role}`);
      await sinks.rows(`drop role ${role}`);
    }
  });
});
