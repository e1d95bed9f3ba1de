import { asFailure, Failure } from '@ewallet/failure';
import type { SinkConfig } from '../config/sink-config';
import type { Sink } from '../run/sink';
import type { TargetState } from '../state/target-state';
import { SinkHealth } from './health';

/** Kafka Connect's names of what a connector does. */
export type ConnectorState = 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';

/**
 * A sink that can be stopped and started again while the process lives. As in Kafka Connect a paused one keeps its
 * partitions and reads nothing, a stopped one gives them up; only of a stopped connector may the offsets be changed.
 */
export class Connector {
  private current: Sink | undefined;
  private running: Promise<void> = Promise.resolve();
  private wanted: ConnectorState = 'STOPPED';
  readonly health = new SinkHealth(Date.now);
  private end: (outcome: { readonly error?: unknown }) => void = () => undefined;
  /** Resolves when the connector is deleted or the process is told to end; rejects when the sink gives up. */
  readonly ended: Promise<void>;

  constructor(
    readonly config: SinkConfig,
    private readonly makeSink: (targetRead: (target: TargetState) => void) => Sink,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.end = ({ error }) => {
        if (error === undefined) resolve();
        else reject(asFailure(error));
      };
    });
  }

  get state(): ConnectorState {
    return this.wanted === 'RUNNING' && this.health.trouble !== undefined ? 'RESTARTING' : this.wanted;
  }

  get sink(): Sink | undefined {
    return this.current;
  }

  /** A sink that has its partitions, or waits for its turn in the group, is ready for what comes. */
  get isReady(): boolean {
    return this.wanted !== 'RUNNING' || (this.current?.isAssigned ?? false);
  }

  /** Starts, or continues after a pause. */
  start(): void {
    if (this.current !== undefined) {
      this.wanted = 'RUNNING';
      this.current.resume();
      return;
    }
    const sink = this.makeSink((target) => {
      this.followTarget(target);
    });
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

  /** What an operator wanted before this process began. */
  private followTarget(target: TargetState): void {
    switch (target) {
      case 'RUNNING':
        return;
      case 'PAUSED':
        void this.pause();
        return;
      case 'STOPPED':
        void this.stop();
        return;
      default:
        throw Failure.system(`Unknown target state ${JSON.stringify(target satisfies never)}.`);
    }
  }

  /** Returns when what was in memory is committed. A stopped connector is left stopped. */
  async pause(): Promise<void> {
    if (this.current === undefined) return;
    this.wanted = 'PAUSED';
    await this.current.pause();
  }

  /** Returns when what was in memory is committed and the group is left. */
  async stop(): Promise<void> {
    this.wanted = 'STOPPED';
    this.current?.stop();
    await this.running;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** Stops for good; `ended` resolves. */
  async close(): Promise<void> {
    await this.stop();
    this.end({});
  }
}
