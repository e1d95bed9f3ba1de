import { asFailure } from '@ewallet/failure';
import type { SinkConfig } from '../config/sink-config';
import type { Sink } from '../run/sink';

/** Kafka Connect's names of what a connector does. */
export type ConnectorState = 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED';

/**
 * A sink that can be stopped and started again while the process lives. Paused and stopped are the same to the group (the
 * sink leaves it); only of a stopped connector may the offsets be changed.
 */
export class Connector {
  private current: Sink | undefined;
  private running: Promise<void> = Promise.resolve();
  private wanted: ConnectorState = 'STOPPED';
  private end: (outcome: { readonly error?: unknown }) => void = () => undefined;
  /** Resolves when the connector is deleted or the process is told to end; rejects when the sink gives up. */
  readonly ended: Promise<void>;

  constructor(
    readonly config: SinkConfig,
    private readonly makeSink: () => Sink,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.end = ({ error }) => {
        if (error === undefined) resolve();
        else reject(asFailure(error));
      };
    });
  }

  get state(): ConnectorState {
    return this.wanted;
  }

  get sink(): Sink | undefined {
    return this.current;
  }

  /** A sink that has its partitions, or waits for its turn in the group, is ready for what comes. */
  get isReady(): boolean {
    return this.wanted !== 'RUNNING' || (this.current?.isAssigned ?? false);
  }

  start(): void {
    if (this.current !== undefined) return;
    const sink = this.makeSink();
    this.current = sink;
    this.wanted = 'RUNNING';
    this.running = sink.run().then(
      () => {
        this.current = undefined;
      },
      (error: unknown) => {
        this.current = undefined;
        this.wanted = 'FAILED';
        this.end({ error });
      },
    );
  }

  /** Returns when what was in memory is committed and the group is left. */
  async halt(state: 'PAUSED' | 'STOPPED'): Promise<void> {
    this.wanted = state;
    this.current?.stop();
    await this.running;
  }

  async restart(): Promise<void> {
    await this.halt('STOPPED');
    this.start();
  }

  /** Halts for good; `ended` resolves. */
  async close(): Promise<void> {
    await this.halt('STOPPED');
    this.end({});
  }
}
