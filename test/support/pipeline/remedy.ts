import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from 'pg';
import { PROJECT_ROOT, runProgram } from '../command';

/** Where an entry of docs/troubleshooting.md is followed. */
export interface Ground {
  /** The folder of sync.json, sink.json and the others: the page's commands name them so. */
  readonly directory: string;
  /** What stands for `<each>` of the entry. */
  readonly values?: Readonly<Record<string, string>>;
  /** Where the entry's statements run. */
  readonly sql?: Client;
  /** Gets a process that runs until it is stopped. */
  readonly keep?: (child: ChildProcess) => void;
  readonly env?: Readonly<Record<string, string>>;
}

const PROGRAM = /^(?:ewallet-\w+|sink-warehouse|curl|npm run) \S/;
const STATEMENT = /^(?:select|grant|alter|drop) \S/;
const LASTING = /^(?:sink-warehouse run|ewallet-pipeline serve|ewallet-sync run --(?:every|cron|follow))\b/;

/** The entries of findings and alerts: what the last column tells to do, by name. */
export function remedies(): ReadonlyMap<string, string> {
  const page = readFileSync(path.join(PROJECT_ROOT, 'docs/troubleshooting.md'), 'utf8');
  const [, entries = ''] = /^## By what[^\n]*\n([\s\S]*?)^## Data$/m.exec(page) ?? [];
  return new Map(
    [...entries.matchAll(/^\| `([^`]+)` \|.*\| (.+) \|$/gm)].map(([, name = '', what = '']) => [name, what]),
  );
}

/** The commands and statements of an entry, as they are written. */
export function commandsOf(name: string): readonly string[] {
  const what = remedies().get(name);
  if (what === undefined) throw new Error(`docs/troubleshooting.md has no entry ${name}`);
  return [...what.matchAll(/`([^`]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => PROGRAM.test(code) || STATEMENT.test(code));
}

/**
 * Does what an entry tells: each of its commands and statements, in their order. Each has to succeed.
 *
 * @returns what the commands printed
 */
export async function walk(name: string, ground: Ground): Promise<string> {
  const commands = commandsOf(name);
  if (commands.length === 0) throw new Error(`The entry ${name} has no command: say what its words ask for by hand`);
  let printed = '';
  for (const written of commands) {
    const command = written.replace(/<(\w+)>/g, (placeholder, key: string) => {
      const value = ground.values?.[key];
      if (value === undefined) throw new Error(`What stands for ${placeholder} of ${name}?`);
      return value;
    });
    if (STATEMENT.test(command)) await state(command, ground);
    else printed += await run(command, ground);
  }
  return printed;
}

/** For an entry whose words no command can do: the caller frees the disk, starts the server. */
export function byHand(name: string): void {
  expect({ name, commands: commandsOf(name) }).toEqual({ name, commands: [] });
}

async function state(statement: string, { sql }: Ground): Promise<void> {
  if (sql === undefined) throw new Error(`Where is this run? ${statement}`);
  await sql.query(statement);
}

async function run(command: string, { directory, keep, env = {} }: Ground): Promise<string> {
  const bin = path.join(PROJECT_ROOT, 'node_modules', '.bin');
  const around = { ...env, PATH: `${bin}:${process.env.PATH ?? ''}` };
  const cwd = command.startsWith('npm ') ? PROJECT_ROOT : directory;
  if (LASTING.test(command)) {
    if (keep === undefined) throw new Error(`Who ends this? ${command}`);
    keep(
      spawn('/bin/sh', ['-c', `exec ${command}`], {
        cwd,
        env: { ...process.env, ...around },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    return '';
  }
  const { code, stdout, stderr } = await runProgram('/bin/sh', ['-c', command], {
    cwd,
    env: around,
    timeoutMs: 420_000,
  });
  expect({ command, code, said: code === 0 ? '' : stdout + stderr }).toEqual({ command, code: 0, said: '' });
  return stdout + stderr;
}
