import { PassThrough, Writable } from 'node:stream';
import { AirbyteMessageType, MessageWriter, SerialisedLines } from '@ewallet/airbyte';

/** Holds what it is given until it is let go, as a pipe does whose reader is slow. */
class SlowStream extends Writable {
  readonly chunks: Buffer[] = [];
  private waiting: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.waiting.push(() => {
      this.chunks.push(Buffer.from(chunk));
      done();
    });
  }

  letGo(): void {
    for (const one of this.waiting.splice(0)) one();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('lines are said to be written once the stream has passed them on, not while it holds them', async () => {
  const stream = new SlowStream();
  const writer = new MessageWriter(stream, { keepsChunks: false });
  const bytes = Buffer.from('{"type":"RECORD"}\n');
  let isWritten = false;
  const writing = writer.write(
    SerialisedLines.records(bytes, () => {
      isWritten = true;
    }),
  );
  await turn();
  expect(isWritten).toBe(false);
  stream.letGo();
  await writing;
  expect(isWritten).toBe(true);
  expect(Buffer.concat(stream.chunks).toString()).toBe('{"type":"RECORD"}\n');
});

test('lines whose reader went away are never said to be written, and the failure says so', async () => {
  const stream = new SlowStream();
  const writer = new MessageWriter(stream, { keepsChunks: false });
  const written = jest.fn();
  const writing = writer.write(SerialisedLines.records(Buffer.from('{"type":"RECORD"}\n'), written));
  stream.destroy(new Error('write EPIPE'));
  await expect(writing).rejects.toThrow('Whoever reads the messages went away before the end.');
  await expect(writer.write({ type: AirbyteMessageType.RECORD })).rejects.toThrow(
    'Whoever reads the messages went away before the end.',
  );
  expect(written).not.toHaveBeenCalled();
});

test('lines are never said to be written to a stream inside the process, whose readers have the chunk itself', async () => {
  const passed = new PassThrough();
  const written = jest.fn();
  const bytes = Buffer.from('{"type":"RECORD"}\n');
  await new MessageWriter(passed).write(SerialisedLines.records(bytes, written));
  expect((passed.read() as Buffer).buffer).toBe(bytes.buffer);
  expect(written).not.toHaveBeenCalled();
});
