import type { Readable } from 'node:stream';
import { Failure } from '@ewallet/failure';
import { parseInputState, type InputState } from './input-state';
import { readLineBatches } from './line-reader';

/**
 * States that are safe for good, as they come in: one STATE message per line. Of those that came together only the last
 * one counts, as each covers the ones before it. Ends where the input does: then nobody keeps states any more.
 *
 * @throws Failure for a line that is no state
 */
export async function* acknowledgedStates(input: Readable): AsyncGenerator<InputState> {
  for await (const lines of readLineBatches(input)) {
    const last = lines.at(-1);
    if (last !== undefined) yield parseInputState(parseLine(last));
  }
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    // The parser's own message quotes the text.
    throw Failure.config('A line on standard input is not JSON: with --follow each line is a state that is safe.');
  }
}
