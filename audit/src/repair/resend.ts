import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { guardChild, guardPath } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { SyncCommand } from '../config/audit-config';
import { keyTexts, type StreamRepair } from './repair-plan';

/** Exit codes of ewallet-sync. */
const SYNC_EXIT = { config: 2, stopped: 143 } as const;

/**
 * Has ewallet-sync send these rows through the topics, as it sends every row: nothing is written to the warehouse here.
 *
 * @param err where ewallet-sync's log goes
 * @returns records sent
 */
export async function resend(
  { command, configFile }: SyncCommand,
  repairs: readonly StreamRepair[],
  stop: AbortSignal,
  err: { write(text: string): unknown },
): Promise<number> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-repair-'));
  const gone = guardPath(directory);
  try {
    const keys = path.join(directory, 'keys.json');
    const streams = repairs.map(({ stream, key, send, remove }) => ({
      stream,
      key,
      keys: [...send, ...remove].map(keyTexts),
    }));
    await writeFile(keys, JSON.stringify({ streams }), { mode: 0o600 });
    return await run([...command, 'resend', '--config', configFile, '--keys', keys], stop, err);
  } finally {
    await rm(directory, { recursive: true, force: true });
    gone();
  }
}

async function run(
  [program = '', ...args]: readonly string[],
  stop: AbortSignal,
  err: { write(text: string): unknown },
): Promise<number> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches it through us, once.
    env: { ...process.env, PATH: `${path.dirname(process.argv[1] ?? '')}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  guardChild(child);
  const onStop = (): void => void child.kill('SIGTERM');
  stop.addEventListener('abort', onStop);
  let answer = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.write(text));
  try {
    const [code] = (await once(child, 'close').catch((error: unknown) => {
      throw Failure.config(`${program} could not be started. Give it as \`sync.command\`.`, { cause: error });
    })) as [number | null];
    if (code === 0) return (JSON.parse(answer) as { readonly records: number }).records;
    if (code === SYNC_EXIT.stopped || stop.aborted) {
      throw Failure.transient('The repair was stopped: some rows may have been sent, and can be sent again.');
    }
    const what = `ewallet-sync resend ended with exit code ${String(code)}: its log is above. Rows that it did not send can be sent again.`;
    throw code === SYNC_EXIT.config ? Failure.config(what) : Failure.transient(what);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
