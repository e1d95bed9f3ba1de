import { SchemaRegistry } from '@ewallet/avro';
import { DEFAULT_PATIENCE, openCluster } from '@ewallet/kafka';
import { connect } from '@ewallet/postgres';
import type { SinkConfig } from '../config/sink-config';

export const DEPENDENCIES = ['kafka', 'registry', 'warehouse'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];
export type Reachable = Readonly<Record<Dependency, boolean>>;

/** A scrape waits for this at most; Prometheus gives up after ten seconds. */
const ANSWER_MS = 2_000;
/** Scrapes come every 15 s or so, from several servers: none of them makes more connections than this allows. */
const KEPT_MS = 5_000;
/** No registry has it, and one that says so is there. */
const ABSENT_SUBJECT = 'sink-warehouse-is-there';

/** Whether what the sink needs answers, each asked on a connection of its own: an idle sink would not notice for long. */
export class Dependencies {
  private asked: { readonly at: number; readonly answer: Promise<Reachable> } | undefined;

  constructor(
    private readonly config: SinkConfig,
    private readonly now: () => number,
  ) {}

  async reachable(): Promise<Reachable> {
    if (this.asked === undefined || this.now() - this.asked.at > KEPT_MS) {
      this.asked = { at: this.now(), answer: this.ask() };
    }
    return this.asked.answer;
  }

  private async ask(): Promise<Reachable> {
    const [kafka, registry, warehouse] = await Promise.all([
      answers(askKafka(this.config)),
      answers(askRegistry(this.config)),
      answers(askWarehouse(this.config)),
    ]);
    return { kafka, registry, warehouse };
  }
}

async function answers(question: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS, false);
  });
  const asked = question.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function askKafka({ kafka }: SinkConfig): Promise<void> {
  const retry = { retries: 0, initialRetryTime: 100, maxRetryTime: 100 };
  const patience = { ...DEFAULT_PATIENCE, connectionTimeoutMs: ANSWER_MS, retry };
  const cluster = openCluster({ ...kafka, requestTimeoutMs: ANSWER_MS }, patience, () => undefined);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

async function askRegistry({ registry }: SinkConfig): Promise<void> {
  const client = new SchemaRegistry({ ...registry, attempts: 1, timeoutMs: ANSWER_MS });
  try {
    await client.latest(ABSENT_SUBJECT);
  } finally {
    client.close();
  }
}

async function askWarehouse({ warehouse, name }: SinkConfig): Promise<void> {
  const client = await connect(warehouse, {
    applicationName: `sink-warehouse ${name} health`,
    retries: 0,
    connectTimeout: ANSWER_MS,
    statementTimeout: ANSWER_MS,
  });
  client.end().catch(() => undefined);
}
