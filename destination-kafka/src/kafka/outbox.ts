import type { Compress, SealedBatch } from '@ewallet/kafka';

/** What the outbox needs of a transactional producer; a fault test passes one that fails at a chosen step. */
export interface Log {
  append(batches: readonly SealedBatch[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

type Item =
  | { readonly kind: 'batch'; readonly batch: SealedBatch }
  | { readonly kind: 'checkpoint'; readonly committed: () => void };

export interface OutboxOptions {
  /** Bytes that may wait; `room()` resolves below it. */
  readonly maxWaitingBytes: number;
  /** Bytes in one Produce request, more only for a single batch. */
  readonly maxRequestBytes: number;
  /** A transaction that is open for this long is committed as a part, well before the broker would abort it. */
  readonly partAfterMs: number;
  /** The same by size: bytes appended in one transaction. */
  readonly partAfterBytes: number;
  /** Compresses a batch just before it is sent. */
  readonly compress: Compress;
  /** Told once that sending has failed: whoever waits for input would learn it from the next one only. */
  readonly failed: (error: unknown) => void;
}

/**
 * The queue between encoding and Kafka: batches and checkpoints in order, sent by one loop, so that encoding continues
 * while a request or a commit is under way. Checkpoints that have come in together by the time the first one's turn
 * comes are committed together.
 */
export class Outbox {
  private readonly items: Item[] = [];
  private readonly waiters = new Set<() => void>();
  private waitingBytes = 0;
  private transactionBytes = 0;
  private running: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private partTimer: NodeJS.Timeout | undefined;
  private partDue = false;

  constructor(
    private readonly log: Log,
    private readonly options: OutboxOptions,
  ) {}

  add(batch: SealedBatch): void {
    this.waitingBytes += batch.bytes.length;
    this.items.push({ kind: 'batch', batch });
    this.start();
  }

  /** @param committed called once everything added before is committed */
  checkpoint(committed: () => void): void {
    this.items.push({ kind: 'checkpoint', committed });
    this.start();
  }

  /** Resolves when the queue has room again; rejects once sending has failed. */
  async room(): Promise<void> {
    await this.until(() => this.waitingBytes < this.options.maxWaitingBytes);
  }

  /** Resolves when everything added is sent and every checkpoint committed. */
  async drained(): Promise<void> {
    await this.until(() => this.items.length === 0 && this.running === undefined);
  }

  /** Ends the loop and takes back what is not committed. Never rejects: the run is failing already. */
  async abandon(): Promise<void> {
    clearTimeout(this.partTimer);
    this.items.length = 0;
    this.waitingBytes = 0;
    await this.running;
    await this.log.abort().catch(() => undefined); // the broker aborts it after the transaction timeout
  }

  close(): void {
    clearTimeout(this.partTimer);
  }

  private async until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure.error;
      if (condition()) return;
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiters) resolve();
    this.waiters.clear();
  }

  private start(): void {
    if (this.running !== undefined || this.failure !== undefined) return;
    this.running = this.run()
      .catch((error: unknown) => {
        this.failure = { error };
        this.options.failed(error);
      })
      .finally(() => {
        this.running = undefined;
        this.wake();
      });
  }

  private async run(): Promise<void> {
    for (;;) {
      if (this.partDue) await this.commit();
      const [first] = this.items;
      if (first === undefined) return;
      if (first.kind === 'checkpoint') await this.acknowledge();
      else await this.send();
    }
  }

  private async send(): Promise<void> {
    const batches = takeRequest(this.items, this.options.maxRequestBytes);
    const ready = await Promise.all(batches.map((batch) => this.options.compress(batch)));
    await this.log.append(ready);
    this.schedulePart();
    for (const { bytes } of batches) {
      this.waitingBytes -= bytes.length;
      this.transactionBytes += bytes.length;
    }
    if (this.transactionBytes >= this.options.partAfterBytes) this.partDue = true;
    this.wake();
  }

  private async acknowledge(): Promise<void> {
    const together: (() => void)[] = [];
    for (let item = this.items[0]; item?.kind === 'checkpoint'; item = this.items[0]) {
      together.push(item.committed);
      this.items.shift();
    }
    await this.commit();
    for (const committed of together) committed();
  }

  private async commit(): Promise<void> {
    clearTimeout(this.partTimer);
    this.partTimer = undefined;
    this.partDue = false;
    await this.log.commit();
    this.transactionBytes = 0;
  }

  /** A source may pause for longer than the transaction may live: the timer commits a part even while nothing comes. */
  private schedulePart(): void {
    this.partTimer ??= setTimeout(() => {
      this.partDue = true;
      this.start();
    }, this.options.partAfterMs);
  }
}

/** Takes from the front what fits one request: at most one batch per partition, never across a checkpoint. */
function takeRequest(items: Item[], maxBytes: number): readonly SealedBatch[] {
  const taken: SealedBatch[] = [];
  const partitions = new Set<string>();
  let bytes = 0;
  for (let item = items[0]; item?.kind === 'batch'; item = items[0]) {
    const { batch } = item;
    const partition = `${batch.topic}/${batch.partition}`;
    bytes += batch.bytes.length;
    if (partitions.has(partition) || (taken.length > 0 && bytes > maxBytes)) break;
    partitions.add(partition);
    taken.push(batch);
    items.shift();
  }
  return taken;
}
