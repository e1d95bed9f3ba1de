/** Where steps are shown: a line that rewrites itself on a terminal, plain lines elsewhere. */
export interface StepOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How far a step is. Rows per second are shown where rows are counted. */
export interface StepProgress {
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
}

export type Show = (progress: StepProgress) => void;

const BAR = 24;

/** Shows one step of the demo after the other, with progress while it lasts and what it did once it is done. */
export class Steps {
  private last = 0;

  constructor(
    private readonly output: StepOutput,
    private readonly now: () => number,
  ) {}

  /** Runs a step. It returns in a few words what it did; what it throws is passed on. */
  async run(title: string, work: (show: Show) => Promise<string>): Promise<void> {
    const started = this.now();
    const terminal = this.output.isTTY === true;
    this.output.write(terminal ? this.line('…', title) : `… ${title}\n`);
    this.last = started;
    const show: Show = (progress) => {
      const now = this.now();
      if (now - this.last < (terminal ? 100 : 5_000)) return;
      this.last = now;
      const text = describe(progress, (now - started) / 1_000);
      this.output.write(terminal ? this.line('…', title, text) : `  ${title.padEnd(28)} ${text}\n`);
    };
    const summary = await work(show);
    const seconds = ((this.now() - started) / 1_000).toFixed(1);
    const text = `${summary}${summary === '' ? '' : ', '}${seconds} s`;
    this.output.write(terminal ? `${this.line('✓', title, text)}\n` : `✓ ${title.padEnd(28)} ${text}\n`);
  }

  private line(mark: string, title: string, text = ''): string {
    return `\r\u001b[K${mark} ${title.padEnd(28)} ${text}`;
  }
}

/** As `████░░░░  50%  1,000 of 2,000 rows  500 rows/s  2 s`. */
function describe({ done, total, unit }: StepProgress, seconds: number): string {
  const rate = unit === 'rows' ? `${number(done / Math.max(seconds, 0.001))} rows/s  ` : '';
  const elapsed = `${rate}${seconds.toFixed(0)} s`;
  if (total === undefined || total === 0) return `${number(done)} ${unit}  ${elapsed}`;
  const share = Math.min(1, done / total);
  const bar = '█'.repeat(Math.floor(share * BAR)).padEnd(BAR, '░');
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${bar} ${percent}  ${number(done)} of ${number(total)} ${unit}  ${elapsed}`;
}

/** What a step that moved rows did, as `2,000 rows (500 rows/s)`. */
export function moved(rows: number, seconds: number): string {
  return `${number(rows)} rows (${number(rows / Math.max(seconds, 0.001))} rows/s)`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
