import { Failure } from '@ewallet/failure';
import type { LogBounds } from '@ewallet/kafka';

/** What the warehouse's offset says about a log that begins at `earliest` and may be read up to `stable`. */
export type Standing =
  | { readonly kind: 'inside' }
  /** Records between the warehouse's offset and the log's begin are gone: retention, deletion. */
  | { readonly kind: 'expired' }
  /** The log ends before the warehouse's offset: it was truncated or the topic was recreated. */
  | { readonly kind: 'rewound' }
  /** A topic of the same name with another id: its offsets count other records. */
  | { readonly kind: 'recreated' };

/** Where the warehouse stands in a partition. */
interface Place {
  readonly nextOffset: number;
  /** The topic that the offset counts in, as the warehouse remembers it; null where it never learnt. */
  readonly topicId: string | null;
  /** The topic that has the name now; undefined where the broker is too old to have ids. */
  readonly currentTopicId: string | undefined;
}

function standing(place: Place, bounds: Pick<LogBounds, 'earliest' | 'stable'>): Standing {
  if (place.topicId !== null && place.currentTopicId !== undefined && place.topicId !== place.currentTopicId)
    return { kind: 'recreated' };
  if (place.nextOffset < bounds.earliest) return { kind: 'expired' };
  if (place.nextOffset > bounds.stable) return { kind: 'rewound' };
  return { kind: 'inside' };
}

/**
 * Where to read on, by `topic.reset.policy`.
 *
 * @throws Failure under policy `fail`, naming the offsets and both ways out
 */
export function resumeAt(place: Place, bounds: LogBounds, policy: 'fail' | 'earliest'): number {
  const found = standing(place, bounds);
  switch (found.kind) {
    case 'inside':
      return place.nextOffset;
    case 'expired':
    case 'rewound':
    case 'recreated':
      if (policy === 'earliest') return bounds.earliest;
      throw Failure.config(
        `${bounds.topic} partition ${bounds.partition}: the warehouse is at offset ${place.nextOffset}, but the topic holds ${bounds.earliest} to ${bounds.stable}: ${reasons[found.kind]}. ` +
          'Set topic.reset.policy=earliest to read what is there, or move the offset with PATCH /connectors/<name>/offsets.',
      );
    default:
      throw Failure.system(`Unknown standing ${JSON.stringify(found satisfies never)}.`);
  }
}

const reasons = {
  expired: 'the records before it have expired or were deleted, and are lost to the warehouse',
  rewound: 'the topic was truncated or recreated',
  recreated: 'the topic was deleted and recreated, with another id under the same name',
} as const;
