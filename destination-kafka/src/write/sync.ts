import { Failure } from '@ewallet/failure';
import { readLineBatches, SerialisedLines, type AirbyteMessage } from '@ewallet/airbyte';
import { displayName, type StreamName } from '@ewallet/avro';
import { parseMessage, withDestinationStats } from '../encode/message';
import { RecordEnvelope } from '../encode/record-envelope';
import type { Outbox } from '../kafka/outbox';
import type { DeadLetters } from './dead-letters';
import type { GenerationMarkers } from './generation-markers';
import type { StreamWriter } from './stream-writer';

export interface SyncParts {
  readonly streams: readonly StreamWriter[];
  readonly deadLetters: DeadLetters;
  readonly outbox: Outbox;
  readonly markers: GenerationMarkers;
  /** Bytes that may lie in open batches over all streams before they are handed over. */
  readonly maxOpenBytes: number;
  readonly signal: AbortSignal;
  readonly acknowledge: (message: AirbyteMessage) => void;
}

function streamKey({ name, namespace }: StreamName): string {
  return JSON.stringify([namespace ?? '', name]);
}

/**
 * The reading loop: records into batches, every STATE into a checkpoint that is acknowledged by the commit. Reading waits
 * while Kafka is slower, so memory stays bounded.
 */
export class Sync {
  private readonly streams: ReadonlyMap<string, StreamWriter>;
  private readonly statuses = new Map<string, string>();
  private readonly envelope: RecordEnvelope<StreamWriter>;
  private line = 0;
  private isGlobal = false;

  constructor(private readonly parts: SyncParts) {
    this.streams = new Map(parts.streams.map((writer) => [streamKey(writer.stream), writer]));
    this.envelope = new RecordEnvelope((stream, namespace) =>
      this.streams.get(JSON.stringify([JSON.parse(namespace) ?? '', JSON.parse(stream)])),
    );
  }

  /**
   * Reads to the end of the input. Resolves once everything is committed and acknowledged.
   *
   * @returns the streams whose older generations should have gone and stay, as the source did not say COMPLETE
   */
  async run(stdin: AsyncIterable<Buffer | string>): Promise<readonly StreamName[]> {
    try {
      return await this.read(stdin);
    } catch (error) {
      // A line that cannot be taken does not cost the checkpoints before it. If Kafka is what failed, this rejects too.
      await this.parts.outbox.drained().catch(() => undefined);
      throw error;
    }
  }

  private async read(stdin: AsyncIterable<Buffer | string>): Promise<readonly StreamName[]> {
    const { signal, outbox } = this.parts;
    for await (const lines of readLineBatches(stdin)) {
      if (signal.aborted) return [];
      for (const line of lines) this.take(line);
      if (this.openBytes() > this.parts.maxOpenBytes) this.flush();
      await outbox.room();
    }
    if (signal.aborted) return [];
    const incomplete = this.completeGenerations();
    if (!this.isCutOff()) {
      this.flush();
      outbox.checkpoint(() => undefined);
    }
    await outbox.drained();
    return incomplete;
  }

  private take(line: Buffer): void {
    this.line += 1;
    const taker = this.envelope.read(line);
    if (taker !== undefined) {
      taker.writeEncoded(line, this.envelope.emittedAt);
      return;
    }
    const message = parseMessage(line, this.line);
    switch (message.kind) {
      case 'record':
        this.writer(message.stream, 'RECORD').write(line, message.text);
        break;
      case 'state':
        this.checkpoint(message.stream, message.text);
        break;
      case 'status':
        this.statuses.set(streamKey(message.stream), message.status);
        break;
      case 'other':
        break;
      default:
        message satisfies never;
    }
  }

  private checkpoint(stream: StreamName | undefined, text: string): void {
    this.isGlobal ||= stream === undefined;
    const concerned = stream === undefined ? this.parts.streams : [this.writer(stream, 'STATE')];
    const counts = concerned.map((writer) => writer.checkpoint());
    const written = counts.reduce((sum, count) => sum + count.written, 0);
    const rejected = counts.reduce((sum, count) => sum + count.rejected, 0);
    this.flush();
    const echoed = Buffer.from(`${withDestinationStats(text, written, rejected)}\n`);
    this.parts.outbox.checkpoint(() => {
      this.parts.acknowledge(SerialisedLines.state(echoed));
    });
  }

  /**
   * A source of GLOBAL states streams transactions of a database. Where it ended without saying COMPLETE, what follows its
   * last state may be half of one, and is read again from that state: it is not committed.
   */
  private isCutOff(): boolean {
    return this.isGlobal && this.statuses.size > 0 && ![...this.statuses.values()].includes('COMPLETE');
  }

  /**
   * Only COMPLETE ends a generation. The end of the input says nothing: a source that crashed ends it too, and the rows
   * that it had not sent yet would be gone. The platform says COMPLETE in the place of sources that do not.
   */
  private completeGenerations(): readonly StreamName[] {
    const replacing = this.parts.streams.filter(({ plan }) => plan.replacesOlderGenerations);
    const isComplete = ({ stream }: StreamWriter): boolean => this.statuses.get(streamKey(stream)) === 'COMPLETE';
    for (const writer of replacing.filter(isComplete)) {
      writer.flush();
      this.parts.markers.add(writer.plan);
    }
    return replacing.filter((writer) => !isComplete(writer)).map(({ stream }) => stream);
  }

  private flush(): void {
    for (const writer of this.parts.streams) writer.flush();
    this.parts.deadLetters.flush();
  }

  private openBytes(): number {
    return this.parts.streams.reduce((sum, writer) => sum + writer.openBytes, this.parts.deadLetters.openBytes);
  }

  private writer(stream: StreamName, type: string): StreamWriter {
    const writer = this.streams.get(streamKey(stream));
    if (writer !== undefined) return writer;
    throw Failure.config(
      `Line ${this.line} of standard input is a ${type} of stream ${displayName(stream)}, which is not in the catalogue. Refresh the connection's schema.`,
      {
        stream:
          stream.namespace === undefined ? { name: stream.name } : { name: stream.name, namespace: stream.namespace },
      },
    );
  }
}
