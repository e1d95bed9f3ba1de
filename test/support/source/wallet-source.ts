import { Writable } from 'node:stream';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { runSource } from '@ewallet/airbyte';
import { EwalletSource } from '../../../source-ewallet/src/ewallet-source';

export interface CatalogStream {
  readonly name: string;
  readonly namespace: string;
  readonly json_schema: { readonly properties: Record<string, unknown> };
  readonly supported_sync_modes: readonly string[];
  readonly source_defined_cursor: boolean;
  readonly default_cursor_field?: readonly string[];
  readonly source_defined_primary_key?: readonly (readonly string[])[];
  readonly is_resumable: boolean;
}

export interface StreamState {
  readonly type: string;
  readonly stream: {
    readonly stream_descriptor: { readonly name: string };
    readonly stream_state: Record<string, unknown>;
  };
  readonly sourceStats: { readonly recordCount: number };
}

/** Every kind of message in one loose shape: a test reads the parts of the kind it expects. */
export interface Message {
  readonly type: string;
  readonly record?: {
    readonly stream: string;
    readonly namespace: string;
    readonly data: Record<string, unknown>;
    readonly meta?: unknown;
  };
  readonly state?: StreamState;
  readonly catalog?: { readonly streams: readonly CatalogStream[] };
  readonly connectionStatus?: { readonly status: string; readonly message?: string };
  readonly spec?: { readonly connectionSpecification: Record<string, unknown> };
  readonly log?: { readonly level: string; readonly message: string };
  readonly trace?: {
    readonly type: string;
    readonly error?: Record<string, unknown>;
    readonly stream_status?: { readonly stream_descriptor: { readonly name: string }; readonly status: string };
    readonly estimate?: Record<string, unknown>;
  };
}

export interface ConfiguredCatalog {
  readonly streams: readonly Record<string, unknown>[];
}

export interface RunResult {
  readonly code: number;
  readonly messages: readonly Message[];
  readonly lines: readonly string[];
}

export interface RunOptions {
  readonly state?: unknown;
  /** Called with each line as it is written; aborting is how a test stops a sync. */
  readonly onLine?: (line: string, stop: () => void) => void;
  /** Given to `--follow`, which ends where it ends. */
  readonly follow?: Readable;
  /** The destination takes a chunk once this resolves. */
  readonly untilTaken?: (chunk: Buffer) => Promise<void>;
}

/** Runs the source in this process, with real files and a real server, and gives everything it wrote. */
export async function runWalletSource(
  command: string,
  config: unknown,
  catalog?: unknown,
  options: RunOptions = {},
): Promise<RunResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'source-'));
  const stop = new AbortController();
  const chunks: Buffer[] = [];
  let rest = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      if (options.onLine !== undefined) {
        const parts = (rest + chunk.toString('utf8')).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts)
          options.onLine(line, () => {
            stop.abort();
          });
      }
      if (options.untilTaken === undefined) done();
      else
        options.untilTaken(chunk).then(() => {
          done();
        }, done);
    },
  });
  try {
    const file = async (name: string, value: unknown): Promise<string> => {
      const target = path.join(folder, name);
      await writeFile(target, JSON.stringify(value));
      return target;
    };
    const argv = [command];
    if (command !== 'spec') argv.push('--config', await file('config.txt', config));
    if (catalog !== undefined) argv.push('--catalog', await file('catalog.txt', catalog));
    if (options.state !== undefined) argv.push('--state', await file('state.txt', options.state));
    if (options.follow !== undefined) argv.push('--follow');
    const code = await runSource('source-ewallet', (context) => new EwalletSource(context), {
      argv,
      stdin: options.follow ?? Readable.from([]),
      stdout,
      environment: {},
      signal: stop.signal,
      now: Date.now,
    });
    const lines = Buffer.concat(chunks).toString('utf8').split('\n').filter(Boolean);
    return { code, lines, messages: lines.map((line) => JSON.parse(line) as Message) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every discovered stream (or those named), configured as a user would. */
export async function configuredCatalog(
  config: unknown,
  syncMode: 'incremental' | 'full_refresh',
  names?: readonly string[],
): Promise<ConfiguredCatalog> {
  const streams = await discoveredStreams(config);
  return {
    streams: streams
      .filter((stream) => names === undefined || names.includes(stream.name))
      .map((stream) => ({ stream, sync_mode: syncMode, destination_sync_mode: 'append' })),
  };
}

export async function discoveredStreams(config: unknown): Promise<readonly CatalogStream[]> {
  const { messages } = await runWalletSource('discover', config);
  return messages.flatMap(({ catalog }) => catalog?.streams ?? []);
}

export function records(result: RunResult, stream?: string): readonly Record<string, unknown>[] {
  return result.messages.flatMap(({ record }) =>
    record !== undefined && (stream === undefined || record.stream === stream) ? [record.data] : [],
  );
}

/** What the source warned of, in order. */
export function warnings(result: Pick<RunResult, 'messages'>): readonly string[] {
  return result.messages.flatMap(({ log }) => (log?.level === 'WARN' ? [log.message] : []));
}

/** Statuses of a stream, in order. */
export function statuses(result: RunResult, stream: string): readonly string[] {
  return result.messages.flatMap(({ trace }) =>
    trace?.stream_status?.stream_descriptor.name === stream ? [trace.stream_status.status] : [],
  );
}

export function states(result: RunResult): readonly StreamState[] {
  return result.messages.flatMap(({ state }) => (state === undefined ? [] : [state]));
}

/** The last state of each stream, as a platform keeps it. */
export function lastStates(result: RunResult, before: readonly StreamState[] = []): readonly StreamState[] {
  const last = new Map<string, StreamState>();
  for (const state of [...before, ...states(result)]) last.set(state.stream.stream_descriptor.name, state);
  return [...last.values()];
}
