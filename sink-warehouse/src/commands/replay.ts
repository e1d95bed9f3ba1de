import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { originalMessage, withDeadLetterProducer } from '../deadletters/publisher';
import { sendPending } from '../deadletters/pending';
import { failureWithKafka } from '../run/kafka-failure';
import { withWarehouse } from '../state/with-warehouse';

const LETTERS_A_TRANSACTION = 500;

/**
 * Puts dead letters back at the end of the topics they came from, with their bytes as they were or as somebody mended them
 * in sink.dead_letters. Each is put back once: `replayed_at` says when.
 */
export async function replayCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  const replayed = await withDeadLetterProducer(config, async (producer) =>
    withWarehouse(config, async (client) => {
      let total = 0;
      for (;;) {
        const sent = await sendPending(client, config.name, {
          mark: 'replayed_at',
          limit: LETTERS_A_TRANSACTION,
          send: async (letters) => {
            for (const letter of letters) {
              const message = { ...originalMessage(letter), partition: letter.partition };
              await producer.send({ topic: letter.topic, acks: -1, messages: [message] });
            }
          },
        });
        total += sent;
        if (sent < LETTERS_A_TRANSACTION) return total;
      }
    }),
  ).catch((error: unknown) => {
    throw failureWithKafka(error, config.kafka.brokers);
  });
  process.stdout.write(`${JSON.stringify({ replayed })}\n`);
}
