const NEWLINE = 10;

/** How almost every line begins; it decides without parsing. Connectors that write keys in another order are parsed. */
const RECORD = Buffer.from('{"type":"RECORD"');

/** What of a chunk is passed to the destination, and what the platform looks at itself. */
export interface Relayed {
  /** Whole lines to forward, each with its newline. */
  readonly forward: readonly Buffer[];
  readonly records: number;
}

/**
 * Cuts a connector's output into lines. Records pass as the bytes they are, in runs as long as the chunk allows; for any
 * other line `judge` says whether it is passed on, too.
 */
export class LineRelay {
  private partial: Buffer[] = [];

  constructor(private readonly judge: (line: string) => { readonly forward: boolean; readonly record: boolean }) {}

  push(chunk: Buffer): Relayed {
    const forward: Buffer[] = [];
    let records = 0;
    let runStart = 0;
    let lineStart = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, lineStart)) {
      const continued = this.partial.length > 0;
      const line = continued ? this.join(chunk.subarray(0, end)) : chunk.subarray(lineStart, end);
      const verdict = isRecord(line) ? { forward: true, record: true } : this.judge(line.toString('utf8'));
      if (verdict.record) records += 1;
      if (continued) {
        if (verdict.forward) forward.push(line, chunk.subarray(end, end + 1));
        runStart = end + 1;
      } else if (!verdict.forward) {
        if (runStart < lineStart) forward.push(chunk.subarray(runStart, lineStart));
        runStart = end + 1;
      }
      lineStart = end + 1;
    }
    if (runStart < lineStart) forward.push(chunk.subarray(runStart, lineStart));
    if (lineStart < chunk.length) this.partial.push(chunk.subarray(lineStart));
    return { forward, records };
  }

  /** What came after the last newline: half a line, written by a connector that died. It goes nowhere. */
  get rest(): string {
    return Buffer.concat(this.partial).toString('utf8');
  }

  private join(tail: Buffer): Buffer {
    const line = Buffer.concat([...this.partial, tail]);
    this.partial = [];
    return line;
  }
}

function isRecord(line: Buffer): boolean {
  return line.length > RECORD.length && line.compare(RECORD, 0, RECORD.length, 0, RECORD.length) === 0;
}
