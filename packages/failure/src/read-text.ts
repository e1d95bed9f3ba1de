import { readFile } from 'node:fs/promises';
import { Failure } from './failure';
import { unreadable } from './unreadable';

/**
 * The text of a file that a user named.
 *
 * @param what names the file in the error: `configuration`, `report`
 * @throws Failure naming the file and why it cannot be read
 */
export async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw Failure.config(`The ${what} ${file} cannot be read: ${unreadable(error)}.`, { cause: error });
  }
}
