// Takes the arguments of `docker run` that ewallet-sync gives and runs the image by buildah, which has no daemon, no such
// client, and no entry point in its `run`. Process 1, `--init` and the network are as in the other image tests.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const [verb, ...words] = process.argv.slice(2);
if (verb !== 'run') throw new Error(`only "run" is known, not ${verb}`);
const volumes = [];
while (words[0].startsWith('-')) {
  const option = words.shift();
  if (option === '-v') volumes.push('--volume', words.shift());
  else if (option === '--network') words.shift();
  else if (!['--rm', '-i', '--init'].includes(option)) throw new Error(`option ${option} is not known`);
}
const image = words.shift();

const buildah = (...args) => execFileSync('buildah', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const { Docker } = JSON.parse(buildah('inspect', '--type', 'image', image));
const container = buildah('from', '--pull-never', image).trim();
try {
  const child = spawn(
    'buildah',
    ['run', '--isolation', 'chroot', ...volumes, container, '--', ...Docker.config.Entrypoint, ...words],
    { stdio: 'inherit' },
  );
  // buildah passes no signal on; docker's client does.
  process.on('SIGTERM', () => {
    for (const pid of below(child.pid)) process.kill(pid, 'SIGTERM');
  });
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
} finally {
  buildah('rm', container);
}

function below(root) {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      continue; // It ended while we looked.
    }
  }
  const walk = (pid) => (children.get(pid) ?? []).flatMap((child) => [child, ...walk(child)]);
  return walk(root);
}
