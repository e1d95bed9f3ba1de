import type { SinkEvents } from '../run/events';

const RETRY_MS = 5000;

/**
 * Sends stored dead letters on to their topic whenever there may be some: after start (what an earlier process left) and
 * after a batch that made some. A failure is told and tried again; the letters are safe in the warehouse.
 */
export class DeadLetterPump {
  private working: Promise<void> | undefined;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly publish: () => Promise<number>,
    private readonly failed: (error: unknown) => void,
  ) {}

  readonly events: Pick<SinkEvents, 'assigned' | 'committed'> = {
    assigned: () => {
      this.run();
    },
    committed: ({ deadLetters }) => {
      if (deadLetters.length > 0) this.run();
    },
  };

  /** Waits for what is being sent. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private run(): void {
    if (this.stopped) return;
    if (this.working !== undefined) {
      this.again = true;
      return;
    }
    this.working = this.publish()
      .then(
        () => undefined,
        (error: unknown) => {
          this.failed(error);
          this.timer = setTimeout(() => {
            this.run();
          }, RETRY_MS);
        },
      )
      .finally(() => {
        this.working = undefined;
        if (!this.again) return;
        this.again = false;
        this.run();
      });
  }
}
