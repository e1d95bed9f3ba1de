import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { commandBlocks, type CommandBlock } from '../../unit/docs/markdown';

/** The commands that people copy are run as they stand, a page in one shell, as its blocks build on one another. */
const pages = ['README.md', 'docs/getting-started.md'] as const;

/** What a page that failed midway left running: its services and jobs. */
const takeDown = `trap 'dir="\${TRIAL:-\${TRY:-}}"; [ -z "$dir" ] || { kill $(jobs -p); local-stack down --dir "$dir/stack"; rm -rf "$dir"; } >/dev/null 2>&1 || true' EXIT`;

/** Few rows and one test stand for all: the demo at full size and the whole suite are what is running here. */
const shortened = `npm() {
  case "$*" in
    'run demo') command npm run demo -- --rows 1000 ;;
    test) command npm test -- test/unit/failure.test.ts --selectProjects unit ;;
    *) command npm "$@" ;;
  esac
}`;

const blocksOf = (page: string, inFreshClone: boolean): readonly CommandBlock[] =>
  commandBlocks(readFileSync(path.join(PROJECT_ROOT, page), 'utf8')).filter(
    (block) => block.inFreshClone === inFreshClone,
  );

/** Runs blocks one after another; a failing command ends the run with the line of its block. */
async function runBlocks(
  page: string,
  blocks: readonly CommandBlock[],
  { preparation, cwd }: { readonly preparation: string; readonly cwd: string },
): Promise<{ readonly code: number | null; readonly end: string }> {
  expect(blocks.length).toBeGreaterThan(0);
  const script = [
    'set -euo pipefail',
    preparation,
    ...blocks.flatMap(({ line, commands }) => [`echo "== ${page}:${line}"`, commands]),
    `echo "== end of ${page}"`,
  ].join('\n');
  const child = spawn('bash', ['-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const end = Buffer.concat(output).toString('utf8').trim().split('\n').slice(-25).join('\n');
  return { code, end };
}

const success = (page: string): object => ({ code: 0, end: expect.stringContaining(`== end of ${page}`) as string });

test.each(pages)(
  'every command block of %s works',
  async (page) => {
    const run = await runBlocks(page, blocksOf(page, false), { preparation: takeDown, cwd: PROJECT_ROOT });
    expect(run).toEqual(success(page));
  },
  600_000,
);

const inLongSuite = process.env.EWALLET_LONG === '1' ? test : test.skip;
inLongSuite(
  'in a fresh clone the blocks that install work, and npm run demo and npm test as the first command',
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-clone-'));
    try {
      for (const page of pages) {
        const clone = path.join(directory, path.basename(page));
        execFileSync('git', ['clone', '--quiet', PROJECT_ROOT, clone]);
        const run = await runBlocks(page, blocksOf(page, true), { preparation: shortened, cwd: clone });
        expect(run).toEqual(success(page));
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  1_800_000,
);

test('few blocks are left to the fresh clone', () => {
  expect(pages.map((page) => blocksOf(page, true).length)).toEqual([1, 1]);
});
