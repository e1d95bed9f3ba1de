import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../eventually';
import { freePort } from '../free-port';

/** A Prometheus of its own: it scrapes each second and evaluates rules each second. */
export class PrometheusServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  /**
   * @param dir an empty folder of the caller's
   * @param targets `host:port` by job
   */
  static async start(dir: string, rules: string, targets: Readonly<Record<string, string>>): Promise<PrometheusServer> {
    const port = await freePort();
    await writeFile(path.join(dir, 'rules.yaml'), rules);
    await writeFile(
      path.join(dir, 'prometheus.yaml'),
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: ['rules.yaml'],
        // A scrape may last longer than the way to the next one where the machine is busy.
        scrape_configs: Object.entries(targets).map(([job, target]) => ({
          job_name: job,
          scrape_interval: '2s',
          scrape_timeout: '2s',
          static_configs: [{ targets: [target] }],
        })),
      }),
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${path.join(dir, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${path.join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const url = `http://127.0.0.1:${port}`;
    try {
      await eventually(async () => {
        if (child.exitCode !== null) throw new Error(`prometheus ended with exit code ${child.exitCode}: ${said}`);
        const { ok } = await fetch(`${url}/-/ready`);
        if (!ok) throw new Error(`prometheus is not ready: ${said}`);
      });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return new PrometheusServer(child, url);
  }

  /** Names of the alerts that fire now, sorted. */
  async firing(): Promise<readonly string[]> {
    const { alerts } = await this.ask<{
      readonly alerts: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
    }>('alerts');
    const names = alerts.flatMap(({ state, labels }) => (state === 'firing' ? (labels.alertname ?? '') : []));
    return [...new Set(names)].sort();
  }

  /** Values of an instant query by the label asked for, sorted. */
  async labelsOf(query: string, label: string): Promise<readonly string[]> {
    const { result } = await this.ask<{
      readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[];
    }>(`query?query=${encodeURIComponent(query)}`);
    return [...new Set(result.map(({ metric }) => metric[label] ?? ''))].sort();
  }

  /** Values of an instant query, one per series. */
  async values(query: string): Promise<readonly number[]> {
    const { result } = await this.ask<{ readonly result: readonly { readonly value: readonly [number, string] }[] }>(
      `query?query=${encodeURIComponent(query)}`,
    );
    return result.map(({ value }) => Number(value[1]));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async ask<Data>(what: string): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${what}`);
    const { status, data, error } = (await response.json()) as {
      readonly status: string;
      readonly data: Data;
      readonly error?: string;
    };
    if (status !== 'success') throw new Error(`${what}: ${error}`);
    return data;
  }
}
