/** Where progress goes: one line that rewrites itself on a terminal, a plain line every few seconds elsewhere. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how far a step is, at most ten times a second on a terminal and every five seconds in a log. */
export class Progress {
  private readonly started: number;
  private shown = 0;

  constructor(
    private readonly title: string,
    private readonly total: number | undefined,
    private readonly output: ProgressOutput,
    private readonly now: () => number,
  ) {
    this.started = now();
    this.shown = this.started;
  }

  /** `done` so far, in the unit of `total`. */
  update(done: number): void {
    const now = this.now();
    if (now - this.shown < (this.output.isTTY === true ? 100 : 5_000)) return;
    this.shown = now;
    this.output.write(this.output.isTTY === true ? `\r\u001b[K${this.text(done)}` : `${this.text(done)}\n`);
  }

  finish(done: number): void {
    this.output.write(this.output.isTTY === true ? `\r\u001b[K${this.text(done)}\n` : `${this.text(done)}\n`);
  }

  private text(done: number): string {
    const seconds = Math.max((this.now() - this.started) / 1_000, 0.001);
    const rate = `${Math.round(done / seconds).toLocaleString('en')}/s`;
    const amount = done.toLocaleString('en');
    if (this.total === undefined) return `${this.title}  ${amount}  ${rate}  ${seconds.toFixed(0)} s`;
    const share = this.total === 0 ? 1 : Math.min(1, done / this.total);
    const bar = '█'.repeat(Math.round(share * 24)).padEnd(24, '░');
    return `${this.title}  ${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${amount} of ${this.total.toLocaleString('en')}  ${rate}  ${seconds.toFixed(1)} s`;
  }
}
