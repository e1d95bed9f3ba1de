import type { Writable } from 'node:stream';

/**
 * Tells a source that follows which states are safe, one STATE message per line of its input. The source keeps few of them
 * on their way, so what waits here is bounded by that.
 */
export class SourceFeedback {
  private input: Writable | undefined;

  connect(input: Writable): void {
    this.input = input;
  }

  /** @param json a state message as text, without its envelope */
  tell(json: string): void {
    this.input?.write(`{"type":"STATE","state":${json}}\n`);
  }

  /** The end of its input tells a source that nobody keeps states any more. */
  disconnect(): void {
    this.input?.end();
    this.input = undefined;
  }
}
