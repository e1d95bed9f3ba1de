import type { Writable } from 'node:stream';
import { Failure } from '@ewallet/failure';
import type { AirbyteMessage } from './protocol';
import { serialise } from './serialise';
import { SerialisedLines } from './serialised-lines';

/**
 * Writes protocol messages in order, waiting while the reader is slow. The CDK writes with `console.log`, one system call
 * a message and no back-pressure, so a slow reader fills the memory.
 */
export class MessageWriter {
  private broken: Error | undefined;
  /** Writes that wait for the stream: it says nothing of those that were under way when it was closed. */
  private readonly waiting = new Set<() => void>();

  /**
   * @param parts.keepsChunks whether the stream may still read a chunk after it has called back, as one inside the process
   *   may: its readers have the chunk itself, not a copy. The memory of lines is not used again then.
   */
  constructor(
    private readonly stream: Writable,
    private readonly parts: { readonly keepsChunks: boolean } = { keepsChunks: stream !== process.stdout },
  ) {
    const isBroken = (error: Error): void => {
      this.broken ??= error;
      for (const wake of this.waiting) wake();
    };
    stream.on('error', isBroken);
    stream.on('close', () => {
      isBroken(new Error('The stream was closed.'));
    });
  }

  /** Resolves once the message has left the process. */
  async write(message: AirbyteMessage): Promise<void> {
    if (message instanceof SerialisedLines) {
      await this.writeBytes(message.bytes);
      if (!this.parts.keepsChunks) message.written?.();
    } else {
      await this.writeBytes(`${serialise(message)}\n`);
    }
  }

  /** Whole lines, as they are. */
  async writeBytes(lines: string | Uint8Array): Promise<void> {
    this.failIfBroken();
    // A stream's `drain` would come too early: what it holds below its mark has not left the process yet.
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        resolve();
      };
      this.waiting.add(wake);
      this.stream.write(lines, (error) => {
        if (error) this.broken ??= error;
        wake();
      });
    });
    this.failIfBroken();
  }

  /** Resolves once everything written has left the process, which is when exiting is safe. */
  async flush(): Promise<void> {
    await this.writeBytes('');
  }

  private failIfBroken(): void {
    if (this.broken === undefined) return;
    throw Failure.transient('Whoever reads the messages went away before the end.', {
      detail: this.broken.message,
      cause: this.broken,
    });
  }
}
