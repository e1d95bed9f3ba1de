import { isNativeError } from 'node:util/types';
import type { Client, Submittable } from 'pg';

/**
 * Has every statement after the loss of an idle connection fail with what ended it: "terminating connection due to
 * idle-in-transaction timeout", say. `pg` gives that to an event that nobody waits for, and tells the next statement
 * only that the client "is not queryable".
 */
export function keepFirstCause(client: Client): void {
  client.once('error', (cause: Error) => {
    // Later events are of the same loss, and one without a listener would end the process.
    client.on('error', () => undefined);
    client.query = failing(cause) as Client['query'];
  });
}

/** `query` in its two forms: a text gives a promise, and a COPY or cursor is told by its own method. */
function failing(cause: Error): (query: unknown) => unknown {
  return (query) => {
    if (!isSubmittable(query)) return Promise.reject(again(cause));
    process.nextTick(() => {
      query.handleError(again(cause));
    });
    return query;
  };
}

interface Told extends Submittable {
  handleError(error: Error): void;
}

function isSubmittable(query: unknown): query is Told {
  return typeof query === 'object' && query !== null && 'submit' in query && 'handleError' in query;
}

/** With the stack of the statement that fails, and the SQLSTATE of what ended the connection. */
function again(cause: Error): Error {
  const error = new Error(cause.message, { cause });
  return isNativeError(cause) && 'code' in cause ? Object.assign(error, { code: cause.code }) : error;
}
