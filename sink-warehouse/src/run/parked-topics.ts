import type { Failure } from '@ewallet/failure';
import type { TopicTrouble } from '../load/topic-trouble';

/** A topic that waits, for status, log and metrics. */
export interface ParkedTopic {
  readonly topic: string;
  readonly failure: Failure;
}

interface Entry {
  readonly trouble: TopicTrouble;
  /** When it is tried again. */
  readonly retryAt: number;
  /** Whether it is being tried: the next commit of its records ends the trouble. */
  readonly isTried: boolean;
}

/** Topics that cannot land while others can. Kept from session to session; times are of a monotonic clock. */
export class ParkedTopics {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly retryMs: number) {}

  get list(): readonly ParkedTopic[] {
    return [...this.entries]
      .filter(([, { isTried }]) => !isTried)
      .map(([topic, { trouble }]) => ({ topic, failure: trouble.failure }));
  }

  has(topic: string): boolean {
    return this.entries.get(topic)?.isTried === false;
  }

  park(trouble: TopicTrouble, now: number): void {
    this.entries.set(trouble.topic, { trouble, retryAt: now + this.retryMs, isTried: false });
  }

  /** Whether a topic's time to be tried again has come. */
  isDue(now: number): boolean {
    return [...this.entries.values()].some(
      ({ trouble, retryAt, isTried }) => trouble.effect === 'park' && !isTried && now >= retryAt,
    );
  }

  /**
   * A session begins with these topics: those whose time has come are tried, and all where nothing else is left. Others are
   * somebody else's now.
   */
  begin(topics: readonly string[], now: number): void {
    for (const topic of this.entries.keys()) if (!topics.includes(topic)) this.entries.delete(topic);
    const isNothingElse = topics.every((topic) => this.has(topic));
    for (const [topic, entry] of this.entries) {
      if (entry.trouble.effect === 'park' && (isNothingElse || now >= entry.retryAt))
        this.entries.set(topic, { ...entry, isTried: true });
    }
  }

  /** Records of the topic were committed. True where that ends a trouble. */
  landed(topic: string): boolean {
    return this.entries.get(topic)?.isTried === true && this.entries.delete(topic);
  }

  /** The bad record for which the sink has to end once the other topics have landed what there is. */
  get stopping(): Failure | undefined {
    return [...this.entries.values()].find(({ trouble }) => trouble.effect === 'stop')?.trouble.failure;
  }

  /**
   * Why nothing is left to land where all of these topics wait: what may pass by itself comes first, as waiting helps then;
   * else the first cause.
   */
  reasonToStop(topics: readonly string[]): Failure | undefined {
    if (topics.length === 0 || !topics.every((topic) => this.has(topic))) return undefined;
    const failures = [...this.entries.values()].map(({ trouble }) => trouble.failure);
    return failures.find(({ kind }) => kind !== 'config_error') ?? failures[0];
  }
}
