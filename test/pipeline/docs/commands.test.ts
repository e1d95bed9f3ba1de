import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { commandBlocks } from '../../unit/docs/markdown';

/** The commands that people copy are run as they stand, a page in one shell, as its blocks build on one another. */
const pages = ['README.md', 'docs/getting-started.md'];
/** Both pages go the same way; the longer one runs each time, the other in the long suite. */
const run = new Set(process.env.EWALLET_LONG === undefined ? pages.slice(1) : pages);

/** Runs a page's blocks one after another; a failing command ends it with the line of its block. */
async function runPage(page: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const blocks = commandBlocks(readFileSync(path.join(PROJECT_ROOT, page), 'utf8')).filter(
    ({ notRun }) => notRun === undefined,
  );
  const script = [
    'set -euo pipefail',
    // What a page that failed midway left running: its services and jobs.
    `trap 'dir="\${TRIAL:-\${TRY:-}}"; [ -z "$dir" ] || { kill $(jobs -p); local-stack down --dir "$dir/stack"; rm -rf "$dir"; } >/dev/null 2>&1 || true' EXIT`,
    ...blocks.flatMap(({ line, commands }) => [`echo "== ${page}:${line}"`, commands]),
    `echo "== end of ${page}"`,
  ].join('\n');
  const child = spawn('bash', ['-c', script], { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output: Buffer.concat(output).toString('utf8') };
}

test.each([...run])(
  'every command block of %s works',
  async (page) => {
    const { code, output } = await runPage(page);
    const end = output.trim().split('\n').slice(-25).join('\n');
    expect({ code, end }).toEqual({ code: 0, end: expect.stringContaining(`== end of ${page}`) as string });
  },
  600_000,
);

test('few blocks are left out, each with its reason', () => {
  for (const page of pages) {
    const blocks = commandBlocks(readFileSync(path.join(PROJECT_ROOT, page), 'utf8'));
    const left = blocks.filter(({ notRun }) => notRun !== undefined);
    expect({ page, few: left.length <= Math.max(2, blocks.length / 2) }).toEqual({ page, few: true });
  }
});
