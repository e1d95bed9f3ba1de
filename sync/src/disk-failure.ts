import { Failure } from '@ewallet/failure';
import { errorCode } from './error-code';

/**
 * What the file system said, as a failure with its remedy.
 *
 * @param what a sentence that names the path, without its full stop
 */
export function diskFailure(error: unknown, what: string): Failure {
  const code = errorCode(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return Failure.transient(
        `${what}: the disk is full (${code}). Free space there; the next run continues from the last state that was kept.`,
        { cause: error },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return Failure.config(`${what}: it may not be written (${code}). Check its owner, its mode and its mount.`, {
        cause: error,
      });
    default:
      return Failure.transient(`${what}: ${code ?? String(error)}. Look at the disk's health.`, { cause: error });
  }
}
