/**
 * Cuts a byte stream into lines without decoding them: every element is the lines that one chunk completed, so that a
 * consumer can work in batches. Line ends are `\n` or `\r\n`; empty lines are left out. A last line without an end is
 * given as it is: whether half a line is an error is the consumer's to say.
 */
export async function* readLineBatches(stream: AsyncIterable<Buffer | string>): AsyncGenerator<readonly Buffer[]> {
  // A line may span many chunks (100 MB values): its pieces wait in a list and are joined once.
  let pieces: Buffer[] = [];
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const piece = bytes.subarray(start, end);
      const line = withoutCarriageReturn(pieces.length === 0 ? piece : Buffer.concat([...pieces, piece]));
      pieces = [];
      if (line.length > 0) lines.push(line);
      start = end + 1;
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start));
    if (lines.length > 0) yield lines;
  }
  const last = withoutCarriageReturn(Buffer.concat(pieces));
  if (last.length > 0) yield [last];
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line.length > 0 && line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
}
