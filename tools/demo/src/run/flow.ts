import { Failure } from '@ewallet/failure';
import {
  parseConnections,
  postgresUrl,
  type PostgresConnection,
  type StackConnections,
} from '@ewallet/stack-connections';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { auditEveryRow, type AuditResult } from './audit';
import type { Child, Children } from './children';
import { SINK_NAME, writeConfigurations, type ConfigurationFiles } from './configurations';
import { buildModels } from './dbt';
import { eraseUsers, publishEverything } from './erasure';
import { scoreTable, totals } from './fraud-score';
import { LandingWatch } from './landing';
import { command, PREVIEW } from './project';
import { table, type Comparison } from './reconciliation/compare';
import { reconcile, streamsOf } from './reconciliation/reconcile';
import { moved, type Show, type Steps } from './steps';
import { Stream } from './stream';

const SYNCS = 3;
/** Few for few customers: people do not trade every few seconds, and alerts would say so. */
const MOST_TRADES_A_SECOND = 50;
const ROWS_PER_TRADE_A_SECOND = 4_000;
/** Of what was planted so much is found, and of the alerts so many are right; else something is wrong with the stream. */
const LEAST_SHARE = 0.9;
/** Of fewer alerts a share says nothing. */
const ENOUGH_ALERTS = 50;

export interface FlowOptions {
  /** Everything but the preview lies here. */
  readonly dir: string;
  readonly rows: number;
  readonly seed: number;
  /** By change data capture, while users have their data erased. */
  readonly cdc: boolean;
  readonly realtime: boolean;
}

export interface FlowResult {
  readonly connections: StackConnections;
  readonly configurations: ConfigurationFiles;
}

interface FlowShell {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The whole flow, from nothing to a reconciled warehouse with dashboards. Throws at the first thing that is wrong. */
export class Flow {
  private readonly logs: string;
  /** What the simulator planted: beside the wallet, which does not know. */
  private readonly planted: string;
  private stream: Stream | undefined;

  constructor(
    private readonly options: FlowOptions,
    private readonly children: Children,
    private readonly steps: Steps,
    private readonly shell: FlowShell,
  ) {
    this.logs = path.join(options.dir, 'logs');
    this.planted = path.join(options.dir, 'planted.jsonl');
  }

  async run(): Promise<FlowResult> {
    await mkdir(this.logs, { recursive: true });
    const connections = await this.startServices();
    const configurations = await writeConfigurations(this.options.dir, connections, this.options);
    await this.seed(connections);
    const sink = await this.start('sink-warehouse', ['run', '--config', configurations.sink]);
    const watch = await LandingWatch.open(connections, SINK_NAME, 'public.');
    if (this.options.realtime) {
      const logOf = (name: string): string => this.log(name);
      this.stream = new Stream(this.children, connections, configurations, { logOf, signal: this.shell.signal });
    }
    try {
      await unlessEnded(sink, this.syncWhileTrading(connections, configurations, watch));
      await this.catchUp();
    } finally {
      await watch.close();
      await this.stream?.stop();
    }
    // Before the dashboards, which show the time of the last proof.
    const audited = await this.audit(connections, configurations);
    await this.buildModels(connections);
    await this.verifyStream();
    await this.preview(connections);
    await this.reconcile(connections);
    this.shell.say(`${audited.lines.join('\n')}\n\n${audited.verdict}`);
    await this.scoreAlerts();
    return { connections, configurations };
  }

  private async startServices(): Promise<StackConnections> {
    let connections: StackConnections | undefined;
    await this.steps.run('start the services', async () => {
      const args = ['up', '--detach', '--json', '--dir', path.join(this.options.dir, 'stack')];
      connections = parseConnections(
        await this.children.run('local-stack up', command('local-stack'), args, { logFile: this.log('local-stack') }),
      );
      return 'PostgreSQL twice, Kafka, schema registry';
    });
    if (connections === undefined) throw Failure.system('the services have started without connections');
    return connections;
  }

  private async seed({ source }: StackConnections): Promise<void> {
    await this.steps.run('fill the e-wallet', async () => {
      const { rows, seed } = this.options;
      const args = ['seed', '--database-url', postgresUrl(source), '--rows', String(rows), '--seed', String(seed)];
      args.push('--planted', this.planted);
      // It shows its own progress.
      const summary = await this.children.run('ewallet-simulator seed', command('ewallet-simulator'), args);
      if (this.options.cdc) await publishEverything(source);
      const { seconds, ...streams } = JSON.parse(summary) as Record<string, number> & { readonly seconds: number };
      return moved(
        Object.values(streams).reduce((sum, count) => sum + count, 0),
        seconds,
      );
    });
  }

  private async syncWhileTrading(
    { source }: StackConnections,
    configurations: ConfigurationFiles,
    watch: LandingWatch,
  ): Promise<void> {
    const rate = Math.min(MOST_TRADES_A_SECOND, Math.max(1, this.options.rows / ROWS_PER_TRADE_A_SECOND));
    const trade = ['trade', '--database-url', postgresUrl(source), '--rate', String(rate)];
    trade.push('--seed', String(this.options.seed), '--planted', this.planted);
    const simulator = await this.start('ewallet-simulator', trade);
    const syncs = async (): Promise<void> => {
      for (let sync = 1; sync <= SYNCS; sync++) {
        await this.sync(`sync ${sync} of ${SYNCS}, while it trades`, configurations, watch);
        // Its topics are there now.
        if (sync === 1) await this.stream?.start();
      }
    };
    if (this.options.cdc) await unlessEnded(simulator, this.whileErasing(source, syncs));
    else await unlessEnded(simulator, syncs());
    await simulator.stop();
    await this.sync('last sync, trading stopped', configurations, watch);
  }

  private async whileErasing(source: PostgresConnection, syncs: () => Promise<void>): Promise<void> {
    const enough = new AbortController();
    const erasing = eraseUsers(source, AbortSignal.any([enough.signal, this.shell.signal]));
    const failed = new Promise<never>((_, reject) => {
      erasing.catch(reject);
    });
    try {
      await Promise.race([syncs(), failed]);
    } finally {
      enough.abort();
      await erasing.catch(() => undefined);
    }
    const { anonymised, activity, signUps } = await erasing;
    this.shell.say(
      `  erased meanwhile: ${anonymised} users anonymised, ${activity} rows of their activity and ${signUps} unfinished sign-ups deleted`,
    );
  }

  /** One sync, until everything that it put into Kafka is in the warehouse. */
  private async sync(title: string, configurations: ConfigurationFiles, watch: LandingWatch): Promise<void> {
    await this.steps.run(title, async (show) => {
      const started = Date.now();
      const before = await watch.rows();
      const seen = (rows: number): void => {
        show({ done: rows - before, unit: 'rows' });
      };
      const ended = new AbortController();
      // Only for show: what is wrong with the warehouse the wait for completeness below meets too.
      const watching = this.watchRows(watch, seen, ended.signal).catch(() => undefined);
      try {
        await this.children.run(
          'ewallet-sync',
          command('ewallet-sync'),
          ['run', '--once', '--config', configurations.sync],
          {
            logFile: this.log('sync'),
          },
        );
      } finally {
        ended.abort();
        await watching;
      }
      const rows = await watch.complete(seen, this.shell.signal);
      return `${moved(rows - before, (Date.now() - started) / 1_000)} landed`;
    });
  }

  private async watchRows(watch: LandingWatch, seen: (rows: number) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      seen(await watch.rows());
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  private async audit(connections: StackConnections, configurations: ConfigurationFiles): Promise<AuditResult> {
    let result: AuditResult = { lines: [], verdict: '' };
    await this.steps.run('audit every row', async () => {
      const streams = await streamsOf(connections);
      result = await auditEveryRow(this.children, configurations.audit, streams, this.log('audit'));
      return `${streams.length} streams`;
    });
    return result;
  }

  private async buildModels({ warehouse }: StackConnections): Promise<void> {
    await this.steps.run('build and test the marts', async (show: Show) =>
      buildModels(this.children, warehouse, this.log('dbt'), show),
    );
  }

  private async catchUp(): Promise<void> {
    const { stream } = this;
    if (stream === undefined) return;
    await this.steps.run('let the stream catch up', async (show) => stream.finish(show));
  }

  private async verifyStream(): Promise<void> {
    const { stream } = this;
    if (stream === undefined) return;
    await this.steps.run('verify the stream', async () => (await stream.verify()).join('; '));
  }

  private async scoreAlerts(): Promise<void> {
    if (this.stream === undefined) return;
    const scores = await this.stream.score(this.planted);
    this.shell.say(`\nalerts against the fraud that the simulator planted:\n${scoreTable(scores)}\n`);
    const { recall, precision } = totals(scores);
    const few = scores.reduce((sum, { alerts }) => sum + alerts, 0) < ENOUGH_ALERTS;
    if (few || (recall >= LEAST_SHARE && precision >= LEAST_SHARE)) return;
    throw Failure.system(`the alerts are not what was planted: recall and precision must be ${LEAST_SHARE} or more`);
  }

  private async preview({ warehouse }: StackConnections): Promise<void> {
    await this.steps.run('draw the dashboards', async () => {
      const args = ['preview', '--warehouse', postgresUrl(warehouse), '--out', PREVIEW];
      await this.children.run('ewallet-dashboards preview', command('ewallet-dashboards'), args, {
        logFile: this.log('dashboards'),
      });
      return path.join(PREVIEW, 'index.html');
    });
  }

  private async reconcile(connections: StackConnections): Promise<void> {
    let comparisons: readonly Comparison[] = [];
    await this.steps.run('reconcile', async () => {
      comparisons = await reconcile(connections);
      return `${comparisons.length} numbers in three places`;
    });
    this.shell.say(`\n${table(comparisons)}\n`);
    const different = comparisons.filter(({ equal }) => !equal);
    if (different.length > 0) {
      throw Failure.system(
        `${different.length} of ${comparisons.length} numbers differ between the e-wallet, Kafka and the warehouse`,
      );
    }
  }

  private async start(name: string, args: readonly string[]): Promise<Child> {
    return this.children.start(name, command(name), args, { logFile: this.log(name) });
  }

  private log(name: string): string {
    return path.join(this.logs, `${name}.log`);
  }
}

/** The outcome of `work`, or the failure of a child that should have run all the while and did not. */
async function unlessEnded(child: Child, work: Promise<void>): Promise<void> {
  const gone = child.done.then(() => {
    throw Failure.transient(`${child.name} ended before its work was done`);
  });
  await Promise.race([work, gone]);
}
