import { exactAvroType, frame, type AvroType, type SchemaRegistry } from '@ewallet/avro';
import { isObject } from '@ewallet/failure';
import type { Producer } from 'kafkajs';
import type { RealtimeConfig } from '../config/realtime-config';
import { readResult } from '../engine/result-topic';
import { registerSchemas } from '../engine/schemas';
import { COUNT, TEXT, TIME } from '../products/column';
import { keySchema, valueSchema, type Product } from '../products/product';
import { TOLD, type Told } from './verdict';

/** Who was told of which alert, and when: an audit, and what a restart knows of the messages before it. */
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
    private readonly registry: SchemaRegistry,
    private readonly producer: Producer,
    private readonly key: FramedType,
    private readonly value: FramedType,
  ) {}

  /** Registers the schemas. The producer is connected, and closed by the caller. */
  static async open(config: RealtimeConfig, registry: SchemaRegistry, producer: Producer): Promise<DeliveryLog> {
    await registerSchemas(registry, config.topicPrefix, [DELIVERIES]);
    const topic = deliveriesTopic(config);
    const framed = async (part: 'key' | 'value', schema: unknown): Promise<FramedType> => ({
      id: await registry.register(`${topic}-${part}`, schema),
      type: exactAvroType(schema),
    });
    const [key, value] = [await framed('key', keySchema(DELIVERIES)), await framed('value', valueSchema(DELIVERIES))];
    return new DeliveryLog(config, registry, producer, key, value);
  }

  /** What every channel was told last, of all alerts. */
  async read(): Promise<readonly Pick<LoggedDelivery, 'channel' | 'id' | 'told'>[]> {
    const rows = await readResult(this.config, this.registry, DELIVERIES.name);
    return rows.flatMap((row) => {
      const status = TOLD.find((known) => known === row.status);
      const { channel, alert_id: id } = row;
      if (!isObject(row) || status === undefined || typeof channel !== 'string' || typeof id !== 'string') return [];
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
    const key = { channel, alert_id: id };
    const value = {
      ...key,
      status: told.status,
      round: told.round,
      attempts,
      cause: cause ?? null,
      signal: told.signal,
      customer: told.customer ?? null,
      severity: told.severity,
      told_at: told.at * 1_000,
    };
    await this.producer.send({
      topic: deliveriesTopic(this.config),
      acks: -1,
      messages: [{ key: encode(this.key, key), value: encode(this.value, value) }],
    });
  }
}

interface FramedType {
  readonly id: number;
  readonly type: AvroType;
}

function encode({ id, type }: FramedType, value: unknown): Buffer {
  return frame(id, type.toBuffer(value));
}
