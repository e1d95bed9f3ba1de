import type { PostgresConnection, StackConnections } from '@ewallet/local-stack';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath, runCommand, type CommandResult } from '../command';
import { destinationConfig, sourceConfig } from '../configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../fresh-database';
import { services } from '../services';
import { BlackHole } from '../sink/black-hole';
import { uniqueName } from '../unique-name';

/** A wallet of one table and a warehouse of their own, and a folder for the configurations of the programs between them. */
export class PipelineCase {
  private constructor(
    readonly name: string,
    readonly directory: string,
    readonly wallet: FreshDatabase,
    readonly warehouse: FreshDatabase,
    readonly source: Client,
    readonly target: Client,
    /** What stands before each server, so that one of them can be cut off and nobody else's test be hurt. */
    readonly ways: Readonly<Record<'ewallet' | 'warehouse' | 'kafka' | 'registry', BlackHole>>,
  ) {}

  static async open(prefix: string): Promise<PipelineCase> {
    const stack = await services();
    const wallet = await freshDatabase(stack.source, prefix);
    const warehouse = await freshDatabase(stack.warehouse, prefix);
    const source = await connectedTo(wallet);
    await source.query('create table users (id bigint primary key, name text)');
    await source.query("insert into users select n, 'name' from generate_series(1, 20) n");
    const [kafkaHost = '', kafkaPort] = stack.kafka.bootstrapServers.split(':');
    const registry = new URL(stack.schemaRegistry.url);
    return new PipelineCase(
      uniqueName(prefix),
      await mkdtemp(path.join(tmpdir(), `${prefix}-`)),
      wallet,
      warehouse,
      source,
      await connectedTo(warehouse),
      {
        ewallet: await BlackHole.before(stack.source.host, stack.source.port),
        warehouse: await BlackHole.before(stack.warehouse.host, stack.warehouse.port),
        kafka: await BlackHole.before(kafkaHost, Number(kafkaPort)),
        registry: await BlackHole.before(registry.hostname, Number(registry.port)),
      },
    );
  }

  at(file: string): string {
    return path.join(this.directory, file);
  }

  async write(file: string, content: unknown): Promise<void> {
    await writeFile(this.at(file), JSON.stringify(content));
  }

  /** Configurations of the connectors and of ewallet-sync, over these servers. */
  async writeSync(wallet: PostgresConnection, stack: StackConnections): Promise<void> {
    await this.write('source.json', sourceConfig(wallet));
    await this.write('destination.json', destinationConfig(stack, `${this.name}.{stream}`));
    await this.write('sync.json', {
      name: this.name,
      retries: 0,
      source: { command: [commandPath('source-ewallet')], config_file: 'source.json' },
      destination: { command: [commandPath('destination-kafka')], config_file: 'destination.json' },
    });
  }

  /** The configuration of the audit, whose source is the connector's. */
  async writeAudit(warehouseUrl: string): Promise<void> {
    await this.write('audit.json', {
      source: { config_file: 'source.json' },
      warehouse: { 'connection.url': warehouseUrl },
      settle_seconds: 0,
    });
  }

  /** What dbt leaves of a build. */
  async writeDbtRun(results: readonly { unique_id: string; status: string }[], ranAt: Date): Promise<void> {
    await mkdir(this.at('target'), { recursive: true });
    await this.write('target/run_results.json', {
      metadata: { dbt_version: '1.11.16', generated_at: ranAt.toISOString() },
      results,
      args: { which: 'build' },
    });
  }

  async sync(): Promise<number | null> {
    return (await this.syncWith({})).code;
  }

  /** With variables beside those of this process. */
  async syncWith(env: Readonly<Record<string, string>>): Promise<CommandResult> {
    return runCommand('ewallet-sync', ['run', '--once', '--config', this.at('sync.json')], { env });
  }

  async close(): Promise<void> {
    for (const way of Object.values(this.ways)) way.close();
    await this.source.end();
    await this.target.end();
    await this.wallet.drop();
    await this.warehouse.drop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
