import type { TopicPartition } from '@ewallet/kafka';

/** A partition that this process reads and may write. */
export interface HeldPartition extends TopicPartition {
  readonly fence: string;
  /** Undefined where the broker is too old to have ids. */
  readonly topicId: string | undefined;
  /** When records of it last landed before it was claimed; undefined where none ever did. */
  readonly landedBefore: Date | undefined;
  /** The next offset to ask the broker for. */
  fetchOffset: number;
  /** The next offset that no batch holds yet: records below were taken before. */
  takenTo: number;
  /** The next offset in the warehouse. */
  committedTo: number;
  /** Whether its topic waits: nothing of it is fetched, taken or committed. */
  isParked: boolean;
  /** The end of what a read-committed consumer may read, as the last fetch told. */
  stableOffset: number;
}
