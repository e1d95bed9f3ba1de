import type { Message } from './verdict';

/** How an attempt ended. A cause is fit for a log: it has no address, no login and nothing of the message. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** For good: the same message would be refused again. */
  | { readonly kind: 'refused'; readonly cause: string }
  /** For the moment. */
  | { readonly kind: 'unavailable'; readonly cause: string; readonly retryAfterMs?: number };

export interface Sender {
  send(message: Message): Promise<Outcome>;
  close(): void;
}
