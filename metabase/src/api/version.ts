import { Failure } from '@ewallet/failure';

const OLDEST_VERSION = 50;
const NEWEST_VERSION = 63;

/** A release of Metabase: `v0.54.2` is the open-source edition of 54, `v1.54.2` the paid one; both have one API. */
export interface Version {
  readonly tag: string;
  readonly major: number;
}

/**
 * The release that `GET /api/session/properties` names.
 * @throws Failure where it names none, or one whose API this tool was not written for.
 */
export function supportedVersion(tag: unknown): Version {
  const match = typeof tag === 'string' ? /^v[01]\.(\d+)(?:\.|$|-)/.exec(tag) : null;
  if (match === null || typeof tag !== 'string')
    throw Failure.config('The server does not say which version of Metabase it is; is the address right?');
  const major = Number(match[1]);
  if (major < OLDEST_VERSION || major > NEWEST_VERSION)
    throw Failure.config(
      `Metabase ${tag} is not supported: this tool reads and writes v${OLDEST_VERSION} to v${NEWEST_VERSION}. ${major < OLDEST_VERSION ? 'Upgrade Metabase.' : 'Look for a newer version of this tool.'}`,
    );
  return { tag, major };
}
