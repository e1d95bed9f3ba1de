import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath } from '../../support/command';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog } from '../../support/source/wallet-source';

jest.setTimeout(240_000);

const MEGABYTE = 1 << 20;
let database: FreshDatabase;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-source-large-'));
  database = await freshDatabase((await services()).source, 'large');
});

afterAll(async () => {
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('a text and a bytea of 100 MB come whole through the built command, within a few times their size of memory', async () => {
  const admin = await connectedTo(database);
  try {
    await admin.query(`
      create table large (id int primary key, t text storage external, b bytea storage external);
      insert into large values (1, repeat('12345678 "quoted"', ${100 * MEGABYTE} / 16), null);
      insert into large values (2, null, decode(repeat('00ff10', ${100 * MEGABYTE} / 3), 'hex'));`);
  } finally {
    await admin.end();
  }
  const config = sourceConfig(database);
  await writeFile(path.join(dir, 'config'), JSON.stringify(config));
  await writeFile(path.join(dir, 'catalog'), JSON.stringify(await configuredCatalog(config, 'full_refresh')));
  const args = ['read', '--config', path.join(dir, 'config'), '--catalog', path.join(dir, 'catalog')];
  const child = spawn(commandPath('source-ewallet'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  // Hashes of what stands between the values' quotes: the lines themselves are too long for this process to hold with ease.
  const found: { readonly field: string; bytes: number; readonly hash: ReturnType<typeof createHash> }[] = [];
  let peak = 0;
  let line: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(10, start);
      line.push(chunk.subarray(start, end === -1 ? chunk.length : end));
      start = end === -1 ? chunk.length : end + 1;
      if (end === -1) break;
      const whole = Buffer.concat(line);
      line = [];
      for (const field of ['t', 'b']) {
        const at = whole.indexOf(`"${field}":"`);
        if (!whole.subarray(0, 20).includes('RECORD') || at === -1) continue;
        const value = whole.subarray(at + 5, whole.lastIndexOf(field === 't' ? '","b":null' : '"},"emitted_at"'));
        found.push({ field, bytes: value.length, hash: createHash('sha256').update(value) });
      }
    }
    peak = Math.max(peak, await peakResidentMegabytes(child.pid));
  }
  expect(await ended).toBe(0);
  const text = '12345678 \\"quoted\\"'.repeat((100 * MEGABYTE) / 16);
  const bytes = Buffer.alloc(3 * Math.floor((100 * MEGABYTE) / 3), Buffer.from([0x00, 0xff, 0x10])).toString('base64');
  expect(found.map(({ field, bytes: length, hash }) => [field, length, hash.digest('hex')])).toEqual([
    ['t', text.length, createHash('sha256').update(text).digest('hex')],
    ['b', bytes.length, createHash('sha256').update(bytes).digest('hex')],
  ]);
  console.log(`peak resident memory of the source: ${peak} MB`);
  expect(peak).toBeGreaterThan(100);
  expect(peak).toBeLessThan(700);
});

/** The most it ever had, as the kernel counts; 0 once the process is gone. */
async function peakResidentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}
