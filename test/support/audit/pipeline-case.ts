import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath, runCommand } from '../command';
import { destinationConfig, sinkConfig, sourceConfig } from '../configurations';
import { eventually } from '../eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../fresh-database';
import { services } from '../services';
import { SinkProcess } from '../sink/sink-process';
import { uniqueName } from '../unique-name';

/** An e-wallet and a warehouse of their own, with the whole pipeline between them, each part as a user runs it. */
export class PipelineCase {
  private sink: SinkProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly wallet: FreshDatabase,
    readonly warehouse: FreshDatabase,
    readonly source: Client,
    readonly target: Client,
    readonly schemas: readonly string[],
  ) {}

  static async open(
    more: { readonly sink?: Readonly<Record<string, unknown>>; readonly schemas?: readonly string[] } = {},
  ): Promise<PipelineCase> {
    const stack = await services();
    const directory = await mkdtemp(path.join(tmpdir(), 'audit-'));
    const wallet = await freshDatabase(stack.source, 'audit');
    const warehouse = await freshDatabase(stack.warehouse, 'audit');
    const topics = uniqueName('audit');
    const { schemas = ['public'] } = more;
    const write = async (name: string, content: unknown): Promise<void> =>
      writeFile(path.join(directory, name), JSON.stringify(content));
    await write('source.json', sourceConfig(wallet, { schemas }));
    await write('destination.json', destinationConfig(stack, `${topics}.{stream}`));
    await write('sync.json', {
      name: topics,
      source: { command: [commandPath('source-ewallet')], config_file: 'source.json' },
      destination: { command: [commandPath('destination-kafka')], config_file: 'destination.json' },
    });
    await write(
      'sink.json',
      sinkConfig(stack, warehouse, topics, { 'table.name.format': 'raw.${stream}', ...more.sink }),
    );
    const source = await connectedTo(wallet);
    const target = await connectedTo(warehouse);
    for (const client of [source, target]) client.on('error', () => undefined);
    return new PipelineCase(directory, wallet, warehouse, source, target, schemas);
  }

  startSink(): void {
    this.sink = SinkProcess.start('run', path.join(this.directory, 'sink.json'));
  }

  async stopSink(): Promise<void> {
    const exit = await this.sink?.stop();
    this.sink = undefined;
    expect(exit?.code ?? 0).toBe(0);
  }

  async sync(): Promise<void> {
    const run = await runCommand('ewallet-sync', ['run', '--once', '--config', path.join(this.directory, 'sync.json')]);
    expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** Waits until as many rows of each table have landed as the e-wallet has. */
  async landed(tables: Readonly<Record<string, string>>): Promise<void> {
    for (const [table, landing] of Object.entries(tables)) {
      const { rows } = await this.source.query<{ n: string }>(`select count(*) as n from ${table}`);
      await eventually(async () => {
        expect((await this.target.query(`select count(*) as n from ${landing}`)).rows).toEqual(rows);
      });
    }
  }

  async close(): Promise<void> {
    await this.sink?.stop();
    await this.source.end();
    await this.target.end();
    await this.wallet.drop();
    await this.warehouse.drop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
