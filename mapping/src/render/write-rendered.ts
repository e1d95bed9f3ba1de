import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import type { Rendered } from './render';

/** Says which files are ours, by what they held when they were written. */
const MANIFEST = '.rendered.json';

/**
 * Writes the files, and nothing over what a person made or changed: a folder that holds other things is refused, and so is a file
 * that is no longer as it was written.
 */
export async function writeRendered(folder: string, files: Rendered): Promise<void> {
  const known = await manifestOf(folder);
  if (known === undefined && existsSync(folder) && (await readdir(folder)).length > 0) {
    throw Failure.config(
      `${folder} has files that render did not write, and it writes over nothing: name a new folder by --out.`,
    );
  }
  for (const name of Object.keys(files)) {
    const file = path.join(folder, name);
    if (!existsSync(file)) continue;
    if (hashOf(await readFile(file, 'utf8')) === known?.[name]) continue;
    throw Failure.config(
      `${file} was changed since render wrote it. Bring the change into the mapping, or move the file away; nothing was written.`,
    );
  }
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.part`, text);
    await rename(`${file}.part`, file);
  }
  const hashes = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, hashOf(text)]));
  await writeFile(path.join(folder, MANIFEST), `${JSON.stringify(hashes, undefined, 2)}\n`);
}

async function manifestOf(folder: string): Promise<Readonly<Record<string, string>> | undefined> {
  const file = path.join(folder, MANIFEST);
  if (!existsSync(file)) return undefined;
  return JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, string>>;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
