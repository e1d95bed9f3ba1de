import { isFailure } from '@ewallet/failure';
import { sqlStateOf } from '@ewallet/postgres';

/**
 * Whether a standby ended the read, because what its primary removed had to be removed there too. By the code and not by
 * the text, which is in the server's language: a read-only transaction meets no other serialization failure.
 */
export function isRecoveryConflict(error: unknown): boolean {
  return sqlStateOf(isFailure(error) ? error.cause : error) === '40001';
}

/** Cancelled so often in a row, without one range compared in between, a read has no hope of ending. */
export const MOST_CANCELLED = 5;
