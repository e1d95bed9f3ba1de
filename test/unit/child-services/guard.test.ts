import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_ROOT } from '../../support/command';
import { eventually } from '../../support/eventually';

jest.setTimeout(60_000);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-guard-test-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A process that guards children and files and keeps running. Says the pids of its children, one per line, then `ready`. */
function owner(script: string): ChildProcess {
  const prelude = `
    const { guardChild, guardPath, guardWithCommand } = require('@ewallet/child-services');
    const { spawn } = require('node:child_process');
    const { writeFileSync, mkdirSync } = require('node:fs');
    const dir = process.argv[1];
    const sleeper = 'process.on("SIGTERM", () => { require("node:fs").appendFileSync(process.argv[1], process.argv[2]); process.exit(0); }); setInterval(() => {}, 1000); console.log(process.pid)';
    const start = (name) => new Promise((resolve) => {
      const child = spawn(process.execPath, ['-e', sleeper, dir + '/asked', name], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.once('data', () => { console.log(child.pid); resolve(child); });
    });
    const ready = () => { console.log('ready'); setInterval(() => {}, 1000); };`;
  return spawn(process.execPath, ['-e', `${prelude}\n(async () => {${script}})()`, dir], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function readyWith(process: ChildProcess): Promise<readonly number[]> {
  const pids: number[] = [];
  if (process.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: process.stdout })) {
    if (line === 'ready') return pids;
    pids.push(Number(line));
  }
  throw new Error('it ended before it was ready');
}

/** A zombie has ended: where nothing reaps orphans, as in many containers, it keeps its pid. */
function runs(pid: number): boolean {
  return /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

test('a process that is killed leaves no guarded child and no guarded file, and its commands run in between', async () => {
  await mkdir(path.join(dir, 'secret'));
  const killed = owner(`
    guardPath(dir + '/secret');
    guardPath(dir + '/password');
    writeFileSync(dir + '/secret/config.json', '{}');
    writeFileSync(dir + '/password', 'p');
    guardWithCommand(process.execPath, ['-e', 'require("node:fs").writeFileSync(process.argv[1], require("node:fs").readdirSync(process.argv[2]).join())', dir + '/ran', dir]);
    guardChild(await start('one'));
    guardChild(await start('two'));
    ready();`);
  const pids = await readyWith(killed);
  expect(pids.filter(runs)).toHaveLength(2);
  killed.kill('SIGKILL');
  await eventually(async () => {
    expect(await readdir(dir)).toEqual(['asked', 'ran']);
  });
  expect(pids.filter(runs)).toEqual([]);
  // Both were asked before the command ran, and the files went after it.
  expect(['onetwo', 'twoone']).toContain(await readFile(path.join(dir, 'asked'), 'utf8'));
  expect(await readFile(path.join(dir, 'ran'), 'utf8')).toBe('asked,password,secret');
});

test('what is left of the process group of a child goes with it', async () => {
  const killed = owner(`
    const shell = spawn('/bin/sh', ['-c', 'trap "" TERM; sleep 600 & echo $!; trap "exit 0" TERM; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    shell.stdout.once('data', (text) => { process.stdout.write(text); console.log(shell.pid); guardChild(shell); ready(); });`);
  const pids = await readyWith(killed);
  expect(pids.filter(runs)).toHaveLength(2);
  killed.kill('SIGKILL');
  await eventually(() => {
    expect(pids.filter(runs)).toEqual([]);
  });
});

test('what was released stays, and the guard ends with a process that ends by itself', async () => {
  const kept = owner(`
    guardPath(dir + '/kept')();
    mkdirSync(dir + '/kept');
    guardWithCommand(process.execPath, ['-e', 'require("node:fs").writeFileSync(process.argv[1], "")', dir + '/ran'])();
    const child = await start('gone');
    guardChild(child);
    child.once('exit', () => ready());
    child.kill('SIGKILL');`);
  const pids = await readyWith(kept);
  const guards = guardsOf(kept.pid ?? 0);
  expect(guards).toHaveLength(1);
  kept.kill('SIGTERM');
  await eventually(() => {
    expect([...guards, ...pids].filter(runs)).toEqual([]);
  });
  expect(existsSync(path.join(dir, 'kept'))).toBe(true);
  expect(existsSync(path.join(dir, 'ran'))).toBe(false);
});

/** Pids of the guards that a process started. */
function guardsOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && args.join(' ').includes('guard-process.js'))
    .map(([own]) => Number(own));
}
