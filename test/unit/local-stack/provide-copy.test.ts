import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { provideCopy } from '../../../tools/local-stack/src/provide-copy';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-copy-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('who asks at the same time gets one whole copy that every user may enter, and nothing else is left', async () => {
  const original = path.join(directory, 'closed');
  await mkdir(path.join(original, 'bin'), { recursive: true, mode: 0o700 });
  for (let n = 0; n < 50; n += 1)
    await writeFile(path.join(original, 'bin', `tool-${String(n)}`), `content ${String(n)}`);
  const copy = path.join(directory, 'copy');

  const provided = await Promise.all(Array.from({ length: 8 }, () => provideCopy(original, copy)));

  expect(new Set(provided)).toEqual(new Set([copy]));
  expect((await stat(copy)).mode & 0o777).toBe(0o755);
  expect(await readdir(path.join(copy, 'bin'))).toEqual(await readdir(path.join(original, 'bin')));
  expect(await readFile(path.join(copy, 'bin', 'tool-49'), 'utf8')).toBe('content 49');
  expect((await readdir(directory)).sort()).toEqual(['closed', 'copy']);
});

test('a copy that cannot be made is an error, and leaves nothing behind', async () => {
  await expect(provideCopy(path.join(directory, 'absent'), path.join(directory, 'copy'))).rejects.toThrow('ENOENT');
  expect(await readdir(directory)).toEqual([]);
});
