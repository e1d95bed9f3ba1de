import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { eventually } from '../../support/eventually';

jest.setTimeout(240_000);

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'ewallet-demo-killed-'));
  // Under root PostgreSQL runs as another user, who has to get through.
  spawnSync('chmod', ['755', temporary]);
});
afterEach(async () => {
  await rm(temporary, { recursive: true, force: true });
});

/** The demo as `npm run demo` starts it, with all it writes below `temporary`. */
function demo(): ChildProcess {
  return spawn(process.execPath, [path.join(PROJECT_ROOT, 'tools/demo/dist/run/main.js'), '--rows', '100000'], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Command lines that name the demo's folder, of processes that have not ended. */
function left(): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(temporary) && !line.startsWith('Z'));
}

async function folders(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('ewallet-demo-'));
}

test('a demo that is killed with SIGKILL leaves no server, no part of the pipeline and no configuration', async () => {
  const running = demo();
  const closed = once(running, 'exit');
  await eventually(
    async () => {
      const [folder = ''] = await folders();
      const sink = await readFile(path.join(temporary, folder, 'config', 'sink.json'), 'utf8');
      expect(sink).toContain('postgresql://ewallet:ewallet@');
      expect(left().length).toBeGreaterThanOrEqual(4);
    },
    { timeoutMs: 180_000 },
  );
  running.kill('SIGKILL');
  await closed;
  await eventually(async () => {
    expect(left()).toEqual([]);
    expect(await folders()).toEqual([]);
  });
});

test('a demo whose starter is killed stops as on Ctrl-C', async () => {
  const running = demo();
  const closed = once(running, 'exit');
  await eventually(() => {
    expect(left().length).toBeGreaterThan(0);
  });
  running.disconnect();
  expect(await closed).toEqual([130, null]);
  expect({ left: left(), folders: await folders() }).toEqual({ left: [], folders: [] });
});
