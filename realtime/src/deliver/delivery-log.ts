import type { SchemaRegistry } from '@ewallet/avro';
import type { Producer } from 'kafkajs';
import type { RealtimeConfig } from '../config/realtime-config';
import { ProductEncoder } from '../engine/product-encoder';
import { readResult } from '../engine/result-topic';
import { COUNT, TEXT, TIME } from '../products/column';
import type { Product } from '../products/product';
import { TOLD, type Told } from './verdict';

/** Which alert was sent to whom, and when: for an audit, and for a restart, which repeats none of it. */
const DELIVERIES: Product = {
  name: 'deliveries',
  key: [
    { name: 'channel', type: TEXT },
    { name: 'alert_id', type: TEXT },
  ],
  values: [
    { name: 'status', type: TEXT },
    { name: 'round', type: COUNT },
    { name: 'attempts', type: COUNT },
    { name: 'cause', type: TEXT },
    { name: 'signal', type: TEXT },
    { name: 'customer', type: TEXT },
    { name: 'severity', type: TEXT },
    { name: 'told_at', type: TIME },
  ],
};

export function deliveriesTopic(config: Pick<RealtimeConfig, 'topicPrefix'>): string {
  return `${config.topicPrefix}.${DELIVERIES.name}`;
}

export interface LoggedDelivery {
  readonly channel: string;
  readonly id: string;
  readonly told: Told;
  readonly attempts: number;
  /** Why it could not be told, where it could not. */
  readonly cause: string | undefined;
}

/** The compacted topic `deliveries`. */
export class DeliveryLog {
  private constructor(
    private readonly config: RealtimeConfig,
    private readonly producer: Producer,
    private readonly encoder: ProductEncoder,
  ) {}

  /** Registers the schemas. The producer is connected, and closed by the caller. */
  static async open(config: RealtimeConfig, registry: SchemaRegistry, producer: Producer): Promise<DeliveryLog> {
    return new DeliveryLog(config, producer, await ProductEncoder.open(registry, config.topicPrefix, DELIVERIES));
  }

  /** What every channel was told last, of all alerts. */
  async read(): Promise<readonly Pick<LoggedDelivery, 'channel' | 'id' | 'told'>[]> {
    const rows = await readResult(this.config, DELIVERIES.name);
    return rows.flatMap((row) => {
      const status = TOLD.find((known) => known === row.status);
      const { channel, alert_id: id } = row;
      if (status === undefined || typeof channel !== 'string' || typeof id !== 'string') return [];
      const told: Told = {
        status,
        round: Number(row.round),
        signal: String(row.signal),
        customer: typeof row.customer === 'string' ? row.customer : undefined,
        severity: String(row.severity),
        at: Number(row.told_at) / 1_000,
      };
      return [{ channel, id, told }];
    });
  }

  /** Returns once every replica that must have it has it. */
  async write({ channel, id, told, attempts, cause }: LoggedDelivery): Promise<void> {
    const row = {
      channel,
      alert_id: id,
      status: told.status,
      round: told.round,
      attempts,
      cause: cause ?? null,
      signal: told.signal,
      customer: told.customer ?? null,
      severity: told.severity,
      told_at: told.at * 1_000,
    };
    await this.producer.send({ topic: this.encoder.topic, acks: -1, messages: [this.encoder.message(row)] });
  }
}
