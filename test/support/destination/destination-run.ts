import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, type CommandResult } from '../command';

export interface CatalogStream {
  readonly name: string;
  readonly namespace?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly primaryKey?: readonly string[];
  readonly mode?: 'append' | 'append_dedup' | 'overwrite';
  readonly syncId?: number;
  readonly generationId?: number;
  readonly minimumGenerationId?: number;
  /** As ewallet-sync says it; Airbyte does not. */
  readonly resumes?: boolean;
}

export function catalogOf(streams: readonly CatalogStream[]): unknown {
  return {
    streams: streams.map((stream) => ({
      stream: {
        name: stream.name,
        namespace: stream.namespace ?? null,
        json_schema: { type: 'object', properties: stream.properties },
        supported_sync_modes: ['full_refresh', 'incremental'],
      },
      sync_mode: 'incremental',
      destination_sync_mode: stream.mode ?? 'append',
      primary_key: (stream.primaryKey ?? []).map((name) => [name]),
      sync_id: stream.syncId ?? null,
      generation_id: stream.generationId ?? null,
      minimum_generation_id: stream.minimumGenerationId ?? null,
      ...(stream.resumes === undefined ? {} : { resumes_from_state: stream.resumes }),
    })),
  };
}

interface Named {
  readonly name: string;
  readonly namespace?: string;
}

/** @param data raw JSON, so that a test says exactly which bytes come in */
export function recordLine({ name, namespace }: Named, data: string, emittedAt = 1_700_000_000_000): string {
  const space = namespace === undefined ? '' : `"namespace":${JSON.stringify(namespace)},`;
  return `{"type":"RECORD","record":{${space}"stream":${JSON.stringify(name)},"data":${data},"emitted_at":${emittedAt}}}\n`;
}

export function stateLine({ name, namespace }: Named, state: unknown): string {
  const descriptor = { name, namespace };
  return `${JSON.stringify({ type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor: descriptor, stream_state: state } } })}\n`;
}

export function statusLine({ name, namespace }: Named, status: string): string {
  const trace = {
    type: 'STREAM_STATUS',
    emitted_at: 0,
    stream_status: { stream_descriptor: { name, namespace }, status },
  };
  return `${JSON.stringify({ type: 'TRACE', trace })}\n`;
}

/** Runs `destination-kafka write` on the lines. */
export async function runWrite(config: unknown, catalog: unknown, input: string | Buffer): Promise<CommandResult> {
  return withFiles({ 'config.json': config, 'catalog.json': catalog }, (dir) =>
    runCommand(
      'destination-kafka',
      ['write', '--config', path.join(dir, 'config.json'), '--catalog', path.join(dir, 'catalog.json')],
      { input },
    ),
  );
}

/** Runs `destination-kafka check` and gives the connection status it prints. */
export async function runCheck(config: unknown): Promise<{ code: number | null; status: unknown }> {
  return withFiles({ 'config.json': config }, async (dir) => {
    const { code, stdout } = await runCommand('destination-kafka', [
      'check',
      '--config',
      path.join(dir, 'config.json'),
    ]);
    const message = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { connectionStatus?: unknown };
    return { code, status: message.connectionStatus };
  });
}

export async function withFiles<T>(
  files: Readonly<Record<string, unknown>>,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-destination-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), JSON.stringify(content));
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The messages of one type on standard output, parsed. */
export function messagesOf(stdout: string, type: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((message) => message.type === type);
}

/** What a failed run traced: kind and message. */
export function traceError(stdout: string): { kind: unknown; message: unknown } | undefined {
  const [trace] = messagesOf(stdout, 'TRACE') as readonly { trace: { error?: Record<string, unknown> } }[];
  const error = trace?.trace.error;
  return error === undefined ? undefined : { kind: error.failure_type, message: error.message };
}
