/** Tells a person how far the audit is: on a terminal one line that is written over, elsewhere a line now and then. */
export class Progress {
  private stream = '';
  private estimate = 0;
  private rows = 0;
  private differences = 0;
  private started = 0;
  private lastShown = 0;
  private isOpen = false;

  /** @param now milliseconds */
  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly now: () => number,
  ) {}

  begin(stream: string, estimate: number): void {
    this.finishLine();
    Object.assign(this, { stream, estimate, rows: 0, differences: 0, started: this.now(), lastShown: this.now() });
  }

  add(rows: number, differences: number): void {
    this.rows += rows;
    this.differences += differences;
    if (this.now() - this.lastShown < (this.out.isTTY === true ? 250 : 10_000)) return;
    this.lastShown = this.now();
    const line = progressLine({
      stream: this.stream,
      rows: this.rows,
      estimate: this.estimate,
      differences: this.differences,
      seconds: (this.now() - this.started) / 1_000,
    });
    if (this.out.isTTY === true) this.out.write(`\r\u001b[K${line}`);
    else this.out.write(`${line}\n`);
    this.isOpen = this.out.isTTY === true;
  }

  say(text: string): void {
    this.finishLine();
    this.out.write(`${text}\n`);
  }

  end(): void {
    this.finishLine();
  }

  private finishLine(): void {
    if (this.isOpen) this.out.write('\r\u001b[K');
    this.isOpen = false;
  }
}

const count = new Intl.NumberFormat('en-US');

/** `public.transactions: 1,200,000 of about 10,000,000 rows, 210,000 rows/s, 42 s left`. */
export function progressLine(at: {
  readonly stream: string;
  readonly rows: number;
  readonly estimate: number;
  readonly differences: number;
  readonly seconds: number;
}): string {
  const rate = at.rows / Math.max(at.seconds, 0.001);
  const of = at.estimate > at.rows ? ` of about ${count.format(Math.round(at.estimate))}` : '';
  const left =
    at.estimate > at.rows && rate > 0 ? `, ${count.format(Math.ceil((at.estimate - at.rows) / rate))} s left` : '';
  const differ = at.differences === 0 ? '' : `, ${count.format(at.differences)} differ at first look`;
  return `${at.stream}: ${count.format(at.rows)}${of} rows, ${count.format(Math.round(rate))} rows/s${left}${differ}`;
}
