import { once } from 'node:events';
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

  constructor(private readonly stream: Writable) {
    stream.on('error', (error) => {
      this.broken = error;
    });
  }

  /** Resolves once the message is handed on and the stream takes more. */
  async write(message: AirbyteMessage): Promise<void> {
    await this.writeBytes(message instanceof SerialisedLines ? message.bytes : `${serialise(message)}\n`);
  }

  /** Whole lines, as they are. */
  async writeBytes(lines: string | Uint8Array): Promise<void> {
    this.failIfBroken();
    if (!this.stream.write(lines)) {
      try {
        await once(this.stream, 'drain');
      } catch (error) {
        this.broken ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    this.failIfBroken();
  }

  /** Resolves once everything written has left the process, which is when exiting is safe. */
  async flush(): Promise<void> {
    this.failIfBroken();
    await new Promise<void>((resolve, reject) => {
      this.stream.write('', (error) => {
        if (error) reject(error);
        else resolve();
      });
    }).catch((error: unknown) => {
      this.broken ??= error instanceof Error ? error : new Error(String(error));
    });
    this.failIfBroken();
  }

  private failIfBroken(): void {
    if (this.broken === undefined) return;
    throw Failure.transient('Whoever reads the messages went away before the end.', {
      detail: this.broken.message,
      cause: this.broken,
    });
  }
}
