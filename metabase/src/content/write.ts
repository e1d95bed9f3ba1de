import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@ewallet/failure';
import { sortKeys } from './json';
import { schemaFile, type ContentKind } from './schema';

/** A content file's text: keys sorted, two spaces, `$schema` for the editor; the same content is always the same bytes. */
function contentText(kind: ContentKind, value: object): string {
  const withSchema = { $schema: `../../schema/${schemaFile(kind)}`, ...value };
  return `${JSON.stringify(sortKeys(withSchema), null, 2)}\n`;
}

/** A change to a folder of content; `text` undefined takes the file away. */
export interface FileChange {
  readonly file: string;
  readonly text: string | undefined;
}

/** The writes that make the files say this; a file that says it already is not touched. */
export async function fileChanges(
  folder: string,
  wanted: readonly { readonly kind: ContentKind; readonly key: string; readonly value: object | undefined }[],
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const { kind, key, value } of wanted) {
    const file = join(kind, `${key}.json`);
    const text = value === undefined ? undefined : contentText(kind, value);
    const there = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (there !== text) changes.push({ file, text });
  }
  return changes;
}

export async function writeFiles(folder: string, changes: readonly FileChange[]): Promise<void> {
  for (const { file, text } of changes) {
    const path = join(folder, file);
    try {
      if (text === undefined) await rm(path);
      else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text);
      }
    } catch (error) {
      throw Failure.config(`Could not write ${path}.`, { cause: error });
    }
  }
}
