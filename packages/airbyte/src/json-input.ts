import { text } from 'node:stream/consumers';
import { Failure, jsonFault, readText } from '@ewallet/failure';

/**
 * JSON from a file of any name, or from standard input for `-`. The CDK loads these with `require()`, which fails for a
 * `.txt` file (PyAirbyte's catalogues) and runs a `.js` one.
 *
 * @param what names the file in the error: `configuration`, `catalogue`, `state`
 */
export async function readJsonInput(path: string, what: string, stdin: NodeJS.ReadableStream): Promise<unknown> {
  const content = (path === '-' ? await text(stdin) : await readText(path, what)).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    // The parser's own message quotes the text, which may hold a password.
    throw Failure.config(
      `The ${what} ${path === '-' ? 'on standard input' : path} is not JSON (${jsonFault(content)}). YAML is not read: write it as JSON.`,
      {
        detail: error instanceof Error ? error.name : 'not JSON',
      },
    );
  }
}
