import { Failure } from '@ewallet/failure';
import type { StackConnections } from '@ewallet/stack-connections';
import { openKafka } from '@ewallet/kafka';
import { logLevel, type Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { connected } from './database';

/** Nothing at all landed for so long: the sink hangs, or was given other topics. */
const STALLED_MS = 120_000;

/** How far the sink is: rows in the warehouse, and whether every committed record of every topic is among them. */
interface Landing {
  readonly rows: number;
  readonly complete: boolean;
  readonly behind: string;
}

/** Watches the sink from outside: its offsets in the warehouse against the topics' ends in Kafka. */
export class LandingWatch {
  private constructor(
    private readonly warehouse: Client,
    private readonly admin: Admin,
    private readonly connector: string,
    private readonly topicsFrom: string,
  ) {}

  /** @param topicsFrom what the names of the connector's topics begin with */
  static async open(connections: StackConnections, connector: string, topicsFrom: string): Promise<LandingWatch> {
    const warehouse = await connected(connections.warehouse);
    const brokers = connections.kafka.bootstrapServers.split(',');
    const admin = openKafka({ clientId: 'ewallet-demo', brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    return new LandingWatch(warehouse, admin, connector, topicsFrom);
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
    await this.warehouse.end();
  }

  /** Rows that the sink has landed so far; 0 before it made its tables. */
  async rows(): Promise<number> {
    if (!(await this.sinkIsReady())) return 0;
    const { rows } = await this.warehouse.query<{ records: string }>(
      'select coalesce(sum(records), 0)::text as records from sink.offsets where connector = $1',
      [this.connector],
    );
    return Number(rows[0]?.records ?? 0);
  }

  /** Resolves with the rows landed once everything in the topics is in the warehouse. */
  async complete(seen: (rows: number) => void, signal: AbortSignal): Promise<number> {
    let last = { rows: -1, since: Date.now() };
    for (;;) {
      signal.throwIfAborted();
      const now = await this.look();
      seen(now.rows);
      if (now.complete) return now.rows;
      if (now.rows !== last.rows) last = { rows: now.rows, since: Date.now() };
      if (Date.now() - last.since > STALLED_MS) {
        throw Failure.transient(
          `the sink has landed nothing for ${STALLED_MS / 1000} s and is behind on ${now.behind}`,
        );
      }
      await sleep(100);
    }
  }

  private async look(): Promise<Landing> {
    const rows = await this.rows();
    const landed = await this.offsets();
    const behind: string[] = [];
    for (const topic of (await this.admin.listTopics()).filter((name) => name.startsWith(this.topicsFrom))) {
      for (const { partition, high, low } of await this.admin.fetchTopicOffsets(topic)) {
        const next = landed.get(`${topic}/${partition}`) ?? BigInt(low);
        // The last offset is the commit marker of a transaction, which is no record.
        if (next < BigInt(high) - 1n) behind.push(`${topic}/${partition} (${next} of ${high})`);
      }
    }
    return { rows, complete: behind.length === 0, behind: behind.join(', ') };
  }

  private async offsets(): Promise<ReadonlyMap<string, bigint>> {
    if (!(await this.sinkIsReady())) return new Map();
    const { rows } = await this.warehouse.query<{ partition: string; next: string }>(
      `select topic || '/' || partition as partition, next_offset::text as next from sink.offsets where connector = $1`,
      [this.connector],
    );
    return new Map(rows.map(({ partition, next }) => [partition, BigInt(next)]));
  }

  private async sinkIsReady(): Promise<boolean> {
    const { rows } = await this.warehouse.query<{ ready: boolean }>(
      `select to_regclass('sink.offsets') is not null as ready`,
    );
    return rows[0]?.ready === true;
  }
}
