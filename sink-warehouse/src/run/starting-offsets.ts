import { Failure } from '@ewallet/failure';
import type { LogBounds } from '../kafka/cluster';

/** What the warehouse's offset says about a log that begins at `earliest` and may be read up to `stable`. */
export type Standing =
  | { readonly kind: 'inside' }
  /** Records between the warehouse's offset and the log's begin are gone: retention, deletion. */
  | { readonly kind: 'expired' }
  /** The log ends before the warehouse's offset: it was truncated or the topic was made anew. */
  | { readonly kind: 'rewound' };

export function standing(nextOffset: number, bounds: Pick<LogBounds, 'earliest' | 'stable'>): Standing {
  if (nextOffset < bounds.earliest) return { kind: 'expired' };
  if (nextOffset > bounds.stable) return { kind: 'rewound' };
  return { kind: 'inside' };
}

/**
 * Where to read on, by `topic.reset.policy`.
 *
 * @throws Failure under policy `fail`, naming the offsets and both ways out
 */
export function resumeAt(nextOffset: number, bounds: LogBounds, policy: 'fail' | 'earliest'): number {
  const found = standing(nextOffset, bounds);
  switch (found.kind) {
    case 'inside':
      return nextOffset;
    case 'expired':
    case 'rewound': {
      if (policy === 'earliest') return bounds.earliest;
      const why =
        found.kind === 'expired'
          ? 'the records before it have expired or were deleted, and are lost to the warehouse'
          : 'the topic was truncated or made anew';
      throw Failure.config(
        `${bounds.topic} partition ${bounds.partition}: the warehouse is at offset ${nextOffset}, but the topic holds ${bounds.earliest} to ${bounds.stable}: ${why}. ` +
          'Set topic.reset.policy=earliest to read what is there, or move the offset with PATCH /connectors/<name>/offsets.',
      );
    }
  }
}
