import { Failure } from '@ewallet/failure';
import { CONTROL_HEADER, FramedReader, SchemaRegistry } from '@ewallet/avro';
import { DEFAULT_PATIENCE, openCluster, readTopic, type CommittedRecord } from '@ewallet/kafka';
import { exact } from './database-totals';
import { Tally, type Measured, type Totals } from './totals';

/** What a topic says of one key: its last record's currency and amounts. */
interface LastRow {
  readonly currency: string;
  readonly amounts: readonly bigint[];
}

type Row = Readonly<Record<string, unknown>>;

/** A topic's name for each stream that is compared. */
export type TopicOf = (stream: string) => string;

/**
 * Reads every topic from its beginning, committed records only, keeps the last record of each key, and adds those up:
 * what a consumer of the topics knows of the e-wallet. Takes memory for each key.
 */
export async function kafkaTotals(
  bootstrapServers: string,
  registryUrl: string,
  streams: readonly Measured[],
  topicOf: TopicOf,
): Promise<ReadonlyMap<string, Totals>> {
  const connection = {
    brokers: bootstrapServers.split(','),
    clientId: 'ewallet-demo',
    ssl: false,
    requestTimeoutMs: 30_000,
  } as const;
  const cluster = openCluster(connection, DEFAULT_PATIENCE, () => undefined);
  const registry = new SchemaRegistry({ url: registryUrl });
  const values = new FramedReader(registry);
  const totals = new Map<string, Totals>();
  try {
    await cluster.connect();
    for (const stream of streams) {
      const rows = new LastRows(stream, values);
      for await (const record of readTopic(cluster, topicOf(stream.stream))) await rows.read(record);
      totals.set(stream.stream, rows.totals());
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw Failure.transient('reading the topics failed', { cause: error, detail });
  } finally {
    registry.close();
    await cluster.disconnect();
  }
  return totals;
}

class LastRows {
  private readonly last = new Map<string, LastRow>();

  constructor(
    readonly measured: Measured,
    private readonly values: FramedReader,
  ) {}

  async read(record: CommittedRecord): Promise<void> {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = record;
    if (keyStart < 0 || record.headers().some(({ name }) => name === CONTROL_HEADER)) return;
    const identity = bytes.toString('latin1', keyStart, keyEnd);
    if (valueStart < 0) this.last.delete(identity);
    else this.last.set(identity, this.row((await this.values.read(bytes.subarray(valueStart, valueEnd))) as Row));
  }

  totals(): Totals {
    const tally = new Tally(this.measured);
    for (const { currency, amounts } of this.last.values()) tally.add(currency, 1n, amounts);
    return tally.totals();
  }

  private row(record: Row): LastRow {
    const { stream, currency, amounts } = this.measured;
    return {
      currency: currency === undefined ? '' : text(record[currency]),
      amounts: amounts.map(({ column, scale, unsigned }) => {
        const value = record[column];
        const units = value === null ? 0n : exact(text(value), scale, stream);
        return unsigned && units < 0n ? -units : units;
      }),
    };
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw Failure.system(`a decimal or a currency in Kafka is a ${typeof value}, not text`);
}
