import type { ClientBase } from 'pg';
import type { DeadLetter } from './batch';
import { SINK_SCHEMA } from '@ewallet/sink-schema';

/**
 * Writes dead letters in the transaction that moves the offsets past them: a record is in a table, here, or not yet read.
 * A record that is read again after a rewind changes nothing; another record at the same place, which a recreated topic
 * brings, takes the place of the one before.
 */
export async function storeDeadLetters(
  client: ClientBase,
  connector: string,
  letters: readonly DeadLetter[],
): Promise<void> {
  for (const letter of letters) {
    await client.query(
      `insert into ${SINK_SCHEMA}.dead_letters as letter
         (connector, topic, partition, "offset", key, value, headers, record_timestamp, stage, error_class, error_message)
       values ($1, $2, $3, $4, $5, $6, $7, pg_catalog.to_timestamp($8::double precision / 1000), $9, $10, $11)
       on conflict (connector, topic, partition, "offset") do update
         set key = excluded.key, value = excluded.value, headers = excluded.headers,
           record_timestamp = excluded.record_timestamp, stage = excluded.stage, error_class = excluded.error_class,
           error_message = excluded.error_message, failed_at = now(), produced_at = null, replayed_at = null
         where letter.record_timestamp is distinct from excluded.record_timestamp`,
      [
        connector,
        letter.topic,
        letter.partition,
        letter.offset,
        letter.key,
        letter.value,
        JSON.stringify(letter.headers.map(({ name, value }) => [name, value?.toString('base64') ?? null])),
        letter.timestamp,
        letter.stage,
        letter.errorClass,
        letter.errorMessage,
      ],
    );
    await client.query(
      `update ${SINK_SCHEMA}.offsets set records = records - 1, dead_letters = dead_letters + 1
       where connector = $1 and topic = $2 and partition = $3`,
      [connector, letter.topic, letter.partition],
    );
  }
}
