import type { Client } from 'pg';
import type { TopicPartition } from '@ewallet/kafka';
import { SINK_SCHEMA } from '@ewallet/sink-schema';

/** A dead letter as it lies in the warehouse. */
export interface StoredDeadLetter extends TopicPartition {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly timestamp: number;
  readonly stage: string;
  readonly errorClass: string;
  readonly errorMessage: string;
}

type Mark = 'produced_at' | 'replayed_at';

interface PendingLetters {
  readonly mark: Mark;
  readonly limit: number;
  readonly send: (letters: readonly StoredDeadLetter[]) => Promise<void>;
}

/**
 * Hands dead letters that were not yet `mark`ed to `send`, at most `limit`, and marks them once it has returned. What one
 * process works on, another passes over. A process that dies between sending and marking sends again: topics get each
 * dead letter at least once, and `(topic, partition, offset)` tells repeats.
 */
export async function sendPending(
  client: Client,
  connector: string,
  { mark, limit, send }: PendingLetters,
): Promise<number> {
  await client.query('begin');
  try {
    const { rows } = await client.query<Record<string, unknown>>(
      `select topic, partition, "offset", key, value, headers, stage, error_class, error_message,
         extract(epoch from record_timestamp) * 1000 as timestamp
       from ${SINK_SCHEMA}.dead_letters where connector = $1 and ${mark} is null
       order by topic, partition, "offset" limit $2 for update skip locked`,
      [connector, limit],
    );
    const letters = rows.map(storedLetter);
    if (letters.length > 0) await send(letters);
    await client.query(
      `update ${SINK_SCHEMA}.dead_letters as letter set ${mark} = now()
       from unnest($2::text[], $3::integer[], $4::bigint[]) as sent (topic, partition, "offset")
       where letter.connector = $1 and letter.topic = sent.topic and letter.partition = sent.partition
         and letter."offset" = sent."offset"`,
      [
        connector,
        letters.map(({ topic }) => topic),
        letters.map(({ partition }) => partition),
        letters.map(({ offset }) => offset),
      ],
    );
    await client.query('commit');
    return letters.length;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function storedLetter(row: Record<string, unknown>): StoredDeadLetter {
  return {
    topic: String(row.topic),
    partition: Number(row.partition),
    offset: String(row.offset),
    key: row.key as Buffer | null,
    value: row.value as Buffer | null,
    headers: (row.headers as [string, string | null][]).map(([name, value]) => ({
      name,
      value: value === null ? null : Buffer.from(value, 'base64'),
    })),
    timestamp: Math.round(Number(row.timestamp)),
    stage: String(row.stage),
    errorClass: String(row.error_class),
    errorMessage: String(row.error_message),
  };
}
