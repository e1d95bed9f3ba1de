import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Failure } from '@ewallet/failure';
import type { ComparedRange } from '../compare/stream-run';
import { keyId } from '../compare/row-differences';

/** What an earlier run had compared of a stream, from its lowest key on without a gap. */
export interface ResumedStream {
  readonly ranges: readonly ComparedRange[];
  /** Where to continue; undefined at the beginning. */
  readonly resumeAt: readonly string[] | undefined;
  readonly isDone: boolean;
}

/**
 * The ranges that were compared, one JSON line each, so that a run that was stopped continues where it was. What they found
 * is looked at again at the end like everything else, so that their age does no harm.
 */
export class ProgressFile {
  private constructor(
    private readonly file: string,
    private readonly ranges: ReadonlyMap<string, readonly ComparedRange[]>,
  ) {}

  /**
   * @param of what is being compared: an earlier run must have compared the same
   * @throws Failure where the file is of another audit or cannot be written
   */
  static open(file: string, of: string): ProgressFile {
    try {
      if (!existsSync(file)) {
        writeFileSync(file, `${JSON.stringify({ audit: of })}\n`, { mode: 0o600, flag: 'wx' });
        return new ProgressFile(file, new Map());
      }
      const [head = '', ...lines] = readFileSync(file, 'utf8').split('\n');
      if (head !== JSON.stringify({ audit: of })) {
        throw Failure.config(
          `${file} is the progress of another audit (other databases, streams, columns or options). Remove it, or give another file to --resume.`,
        );
      }
      return new ProgressFile(file, readRanges(lines));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw Failure.config(`The progress file ${file} cannot be used: give --resume a file that can be written.`, {
        cause: error,
      });
    }
  }

  resumed(stream: string): ResumedStream {
    const byStart = new Map((this.ranges.get(stream) ?? []).map((one) => [startOf(one), one]));
    const ranges: ComparedRange[] = [];
    let next = byStart.get('');
    while (next !== undefined) {
      ranges.push(next);
      if (next.range.to === undefined) return { ranges, resumeAt: undefined, isDone: true };
      next = byStart.get(keyId(next.range.to));
    }
    return { ranges, resumeAt: ranges.at(-1)?.range.to, isDone: false };
  }

  add(stream: string, compared: ComparedRange): void {
    appendFileSync(this.file, `${JSON.stringify({ stream, ...compared })}\n`);
  }

  /** Everything was compared: the next run starts over. */
  finish(): void {
    rmSync(this.file, { force: true });
  }
}

function startOf({ range }: ComparedRange): string {
  return range.from === undefined ? '' : keyId(range.from);
}

function readRanges(lines: readonly string[]): ReadonlyMap<string, readonly ComparedRange[]> {
  const ranges = new Map<string, ComparedRange[]>();
  for (const line of lines) {
    const parsed = parseLine(line);
    if (parsed === undefined) continue; // half a line: the run was killed while it wrote
    ranges.set(parsed.stream, [...(ranges.get(parsed.stream) ?? []), parsed]);
  }
  return ranges;
}

function parseLine(line: string): (ComparedRange & { readonly stream: string }) | undefined {
  try {
    const value = JSON.parse(line) as ComparedRange & { readonly stream: string };
    return typeof value.stream === 'string' && Array.isArray(value.differences) ? value : undefined;
  } catch {
    return undefined;
  }
}
