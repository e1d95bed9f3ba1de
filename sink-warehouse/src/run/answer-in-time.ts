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
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void client.end().catch(() => undefined); // destroys the socket where a query is still under way
      reject(Failure.transient(`The warehouse did not answer within ${milliseconds} ms.`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
