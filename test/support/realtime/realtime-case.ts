import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath, runCommand, type CommandResult } from '../command';
import { destinationConfig, sourceConfig } from '../configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../fresh-database';
import { services, type StackConnections } from '../services';
import { uniqueName } from '../unique-name';

/** A loaded machine starts a Flink cluster in minutes, a quiet one in half a minute. */
const PATIENCE_MS = 420_000;

/** An e-wallet of its own whose topics ewallet-realtime reads, and the folder of the configurations. */
export class RealtimeCase {
  private constructor(
    readonly dir: string,
    readonly wallet: FreshDatabase,
    readonly client: Client,
    /** What the names of the topics begin with. */
    readonly topics: string,
    private settings: Readonly<Record<string, unknown>>,
  ) {}

  /**
   * @param settings of ewallet-realtime beyond where the servers and topics are
   * @param own servers, in place of those that tests share
   */
  static async open(
    prefix: string,
    settings: (wallet: FreshDatabase) => Readonly<Record<string, unknown>>,
    own: Partial<StackConnections> = {},
  ): Promise<RealtimeCase> {
    const stack = { ...(await services()), ...own };
    const wallet = await freshDatabase(stack.source, prefix);
    const topics = uniqueName(prefix);
    const dir = await mkdtemp(path.join(tmpdir(), `ewallet-${prefix}-`));
    const opened = new RealtimeCase(dir, wallet, await connectedTo(wallet), topics, {
      bootstrap_servers: stack.kafka.bootstrapServers,
      schema_registry: { url: stack.schemaRegistry.url },
      topic_pattern: `${topics}.{stream}`,
      topic_prefix: `${topics}.realtime`,
      directory: 'cluster',
    });
    await opened.write('sync.json', {
      name: topics,
      source: { command: [commandPath('source-ewallet')], config: sourceConfig(wallet) },
      destination: {
        command: [commandPath('destination-kafka')],
        config: destinationConfig(stack, `${topics}.{stream}`),
      },
    });
    await opened.configure(settings(wallet));
    return opened;
  }

  async write(file: string, content: unknown): Promise<void> {
    await writeFile(path.join(this.dir, file), JSON.stringify(content));
  }

  /** Changes the configuration of ewallet-realtime. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    this.settings = { ...this.settings, ...settings };
    await this.write('realtime.json', this.settings);
  }

  /** @param command with its subcommand: `rules list` */
  async run(command: string, ...more: readonly string[]): Promise<CommandResult> {
    return runCommand(
      'ewallet-realtime',
      [...command.split(' '), '--config', path.join(this.dir, 'realtime.json'), ...more],
      {
        timeoutMs: PATIENCE_MS,
      },
    );
  }

  /** A command that runs until it is stopped; closing the case ends what it started, not itself. */
  start(command: string): ChildProcessWithoutNullStreams {
    return spawn(commandPath('ewallet-realtime'), [command, '--config', path.join(this.dir, 'realtime.json')]);
  }

  async sync(): Promise<void> {
    const result = await runCommand('ewallet-sync', ['run', '--once', '--config', path.join(this.dir, 'sync.json')], {
      cwd: this.dir,
    });
    expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** Ends the cluster too. */
  async close(): Promise<void> {
    await this.run('down');
    await this.client.end();
    await this.wallet.drop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
