/** `npm run demo [-- --rows N --seed N --cdc --no-realtime --keep]`: installs what is missing, then runs the whole flow. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setInterval } from 'node:timers';
import { root, runScript, setUp } from './setup.mjs';

await runScript(async () => {
  await setUp();
  const args = [path.join(root, 'tools/demo/dist/run/main.js'), ...process.argv.slice(2)];
  // The channel closes with this process, however it ends: its sign to end, too.
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // It ends its own children in order on these; this process only has to outlive it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event === 'demo') {
    const npm = process.ppid;
    setInterval(() => process.ppid === npm || child.kill('SIGTERM'), 1_000).unref();
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
});
