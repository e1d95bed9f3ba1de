import { Failure } from '@ewallet/failure';
import type { Client } from 'pg';

/**
 * What `work` on the connection returns, if it does within `milliseconds`. A network that swallows bytes reports nothing:
 * without a clock of our own the sink would wait until the kernel gives up, which takes a quarter of an hour.
 *
 * @throws Failure transient_error when the time is over; the connection is then closed, and `work` goes unheard
 */
export async function answerInTime<Result>(
  client: Client,
  milliseconds: number,
  work: Promise<Result>,
): Promise<Result> {
  return new AnswerClock(client, milliseconds).limit(work);
}

/** Gives work of many statements its full time again at each sign of life: it may take long, and silence may not. */
export class AnswerClock {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Client,
    private readonly milliseconds: number,
  ) {}

  /** The warehouse answered. */
  answered(): void {
    this.timer?.refresh();
  }

  /** See `answerInTime`. */
  async limit<Result>(work: Promise<Result>): Promise<Result> {
    const { client, milliseconds } = this;
    const late = new Promise<never>((_, reject) => {
      this.timer = setTimeout(() => {
        void client.end().catch(() => undefined); // destroys the socket where a query is still under way
        reject(Failure.transient(`The warehouse did not answer within ${milliseconds} ms.`));
      }, milliseconds);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(this.timer);
      this.timer = undefined;
      work.catch(() => undefined);
    }
  }
}
