import { pause } from '@ewallet/command-line';
import type { PostgresConnection } from '@ewallet/stack-connections';
import type { Client } from 'pg';
import { PUBLICATION } from './configurations';
import { withDatabase } from './database';

/** Users whose data is erased at once, about twice a second. */
const USERS = 5;
const PAUSE = 500;

export interface Erased {
  readonly anonymised: number;
  /** Rows of their activity. */
  readonly activity: number;
  /** Sign-ups that nobody finished. */
  readonly signUps: number;
}

/**
 * What a query of the e-wallet's tables never shows: rows that are gone, and rows that changed again before anybody looked. Until
 * `signal`, users have their data erased, as the law lets them ask, and sign-ups that nobody finished are deleted.
 */
export async function eraseUsers(server: PostgresConnection, signal: AbortSignal): Promise<Erased> {
  return withDatabase(server, async (client) => {
    let erased: Erased = { anonymised: 0, activity: 0, signUps: 0 };
    while (!signal.aborted) {
      erased = sum(erased, await eraseSome(client));
      await pause(PAUSE, signal);
    }
    return erased;
  });
}

/** What change data capture needs beside a slot, which the source makes itself here. */
export async function publishEverything(server: PostgresConnection): Promise<void> {
  await withDatabase(server, async (client) =>
    client.query(`create publication ${PUBLICATION} for all tables with (publish_via_partition_root = true)`),
  );
}

function sum(left: Erased, right: Erased): Erased {
  return {
    anonymised: left.anonymised + right.anonymised,
    activity: left.activity + right.activity,
    signUps: left.signUps + right.signUps,
  };
}

async function eraseSome(client: Client): Promise<Erased> {
  const { rows } = await client.query<{ anonymised: number; activity: number }>(
    `with chosen as (
       select id from users where email not like 'erased-%'
        order by md5(id::text || (select count(*) from users where email like 'erased-%')::text) limit $1 for update skip locked
     ), anonymised as (
       update users u set full_name = 'Erased', email = 'erased-' || u.id || '@example.invalid', phone = '', date_of_birth = null,
              updated_at = now()
         from chosen c where u.id = c.id returning u.id
     ), forgotten as (
       delete from user_activity where user_id in (select id from chosen) returning id
     )
     select (select count(*)::int from anonymised) as anonymised, (select count(*)::int from forgotten) as activity`,
    [USERS],
  );
  const { rows: signedUp } = await client.query<{ id: string }>(
    `insert into users (public_id, full_name, email, phone, country)
     values (gen_random_uuid(), 'Unfinished', 'unfinished@example.invalid', '', 'PH') returning id::text`,
  );
  const { rowCount: signUps } = await client.query(
    // Those of the rounds before: a sync may have seen them.
    `delete from users where email = 'unfinished@example.invalid' and created_at < now() - interval '2 seconds' and id <> $1`,
    [signedUp[0]?.id],
  );
  const [row] = rows;
  return { anonymised: row?.anonymised ?? 0, activity: row?.activity ?? 0, signUps: signUps ?? 0 };
}
