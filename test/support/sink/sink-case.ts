import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { Client, types } from 'pg';
import { SchemaRegistry } from '@ewallet/avro';
import { sinkConfig } from '../configurations';
import { freshDatabase, type FreshDatabase } from '../fresh-database';
import { services, type StackConnections } from '../services';
import { uniqueName } from '../unique-name';
import { SinkProcess, writeConfig } from './sink-process';
import { quietKafka } from './topic-writer';

types.setTypeParser(types.builtins.DATE, (text) => text);

/** A database, a directory and clients for the sink's tests in one file. */
export class SinkCase {
  private constructor(
    readonly stack: StackConnections,
    readonly database: FreshDatabase,
    readonly warehouse: Client,
    readonly registry: SchemaRegistry,
    readonly kafka: Kafka,
    readonly directory: string,
  ) {}

  static async open(): Promise<SinkCase> {
    const stack = await services();
    const database = await freshDatabase(stack.warehouse, 'sink');
    const warehouse = new Client({ connectionString: database.url });
    warehouse.on('error', () => undefined); // the database may be dropped under it
    await warehouse.connect();
    const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
    const directory = mkdtempSync(join(tmpdir(), 'sink-'));
    return new SinkCase(stack, database, warehouse, registry, quietKafka(stack.kafka.bootstrapServers), directory);
  }

  async close(): Promise<void> {
    this.registry.close();
    await this.warehouse.end();
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The smallest configuration, over the topics `<name>.*`. */
  config(name: string, more: Record<string, unknown> = {}): string {
    return writeConfig(this.directory, sinkConfig(this.stack, this.database, name, more), `${uniqueName(name)}.json`);
  }

  /** Runs `job` beside a sink, which must then end with exit 0. */
  async whileRunning<Result>(config: string, job: (sink: SinkProcess) => Promise<Result>): Promise<Result> {
    const sink = SinkProcess.start('run', config);
    try {
      return await job(sink);
    } finally {
      const exit = await sink.stop();
      expect({ code: exit.code, log: exit.code === 0 ? '' : exit.stderr }).toEqual({ code: 0, log: '' });
    }
  }

  async rows(sql: string, parameters: unknown[] = []): Promise<unknown[]> {
    return (await this.warehouse.query(sql, parameters)).rows as unknown[];
  }
}
