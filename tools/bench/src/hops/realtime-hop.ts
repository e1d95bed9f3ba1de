import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import type { Delay } from '../measure/delay';
import type { Latency } from '../measure/latency';
import { commitAtPace, untilArrived } from '../measure/pace';
import { ProcessUsage } from '../measure/process-usage';
import { withClient, type BenchSession } from '../session/bench-session';
import { followConfig, startFollowing } from '../session/followed-sync';
import { programPath } from '../session/programs';
import { RealtimeJob } from '../session/realtime-job';
import { TopicWatch } from '../session/topic-watch';

const run = promisify(execFile);

/** What the results read. */
const TABLES = ['users', 'merchants', 'wallets', 'transactions', 'user_activity'];
/** Events a second that are good enough. */
const TARGET = 5_000;
/** Transactions a second while alerts are timed, by so many customers in turn: each is an alert once it is fast enough. */
const RATE = 100;
const CUSTOMERS = 200;
/** dbt's risk_velocity_count: the n-th and each further transaction of ten minutes is an alert. */
const VELOCITY_COUNT = 8;
/** How long the last alert may take. */
const PATIENCE = 120_000;

/**
 * How long the job with every result takes for a backlog, until its results are committed and equal to SQL over the e-wallet;
 * then, while changes are followed, how long after its commit a transaction has its alert in the topic, read committed.
 */
export async function realtimeTrial(
  session: BenchSession,
  seconds: number,
  number: number,
): Promise<{ readonly delays: readonly Delay[]; readonly latencies: readonly Latency[] }> {
  const name = `realtime${number}`;
  await withClient(session.sourceUrl, (client) =>
    client.query(`create publication ${name} for table ${TABLES.join(', ')}`),
  );
  let job: RealtimeJob | undefined;
  try {
    const config = await followConfig(session, name, TABLES);
    session.say('a first sync of what the results read');
    await run(programPath('ewallet-sync'), ['run', '--once', '--config', config], { maxBuffer: 1 << 28 });
    session.say('starting the job with every result');
    job = await RealtimeJob.start(session, name);
    const backlog = await readBacklog(session, job);
    const sync = startFollowing(session, config);
    try {
      const alerts = await timeAlerts(session, `${name}.realtime.alerts`, seconds);
      await sync.stop();
      return { delays: [backlog], latencies: [alerts] };
    } finally {
      await sync.end();
    }
  } finally {
    await job?.end();
    await withClient(session.sourceUrl, async (client) => {
      await client.query(`drop publication ${name}`);
      await client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [
        name,
      ]);
    });
  }
}

async function readBacklog(session: BenchSession, job: RealtimeJob): Promise<Delay> {
  const usage = new ProcessUsage(await job.pids());
  const started = performance.now();
  try {
    await job.caughtUp();
    const took = (performance.now() - started) / 1_000;
    const { peakRss } = usage.stop();
    await job.mustEqualWallet();
    const events = await withClient(session.sourceUrl, eventsIn);
    session.say(`${Math.round(events / took).toLocaleString('en')} events/s through every real-time result`);
    return {
      name: `backlog of ${events.toLocaleString('en')} events through every real-time result, until committed`,
      target: events / TARGET,
      seconds: took,
      peakRss,
    };
  } finally {
    usage.stop();
  }
}

async function eventsIn(client: Client): Promise<number> {
  const counts = TABLES.map((table) => `(select count(*) from ${table})`).join(' + ');
  const { rows } = await client.query<{ events: string }>(`select (${counts})::text as events`);
  return Number(rows[0]?.events);
}

async function timeAlerts(session: BenchSession, topic: string, seconds: number): Promise<Latency> {
  // When the velocity alert of each transaction first came, by the transaction's id.
  const arrivals = new Map<string, number>();
  const watch = await TopicWatch.start(session, topic, (value, now) => {
    const id = /^velocity-(\d+)$/.exec((value as { readonly alert_id: string }).alert_id)?.[1];
    if (id !== undefined && !arrivals.has(id)) arrivals.set(id, now);
  });
  try {
    return await withClient(session.sourceUrl, async (client) => {
      const trade = await Trade.open(client);
      try {
        // Everything runs when a customer's transactions have come to an alert.
        const first = await trade.commit(CUSTOMERS * VELOCITY_COUNT);
        await untilAlerted(arrivals, first.slice(-CUSTOMERS));
        const counted = await commitAt(trade, seconds);
        await untilAlerted(arrivals, [...counted.keys()]);
        return {
          name: `topic of alerts, read committed, ${RATE} transactions/s`,
          targets: [{ percentile: 50, milliseconds: 3_000 }],
          samples: [...counted].map(([id, committed]) => (arrivals.get(id) ?? Number.NaN) - committed),
        };
      } finally {
        await trade.takeBack();
      }
    });
  } finally {
    await watch.stop();
  }
}

/** @returns when each transaction that counts was about to be committed, by id */
async function commitAt(trade: Trade, seconds: number): Promise<ReadonlyMap<string, number>> {
  const counted = new Map<string, number>();
  await commitAtPace({ rate: RATE, seconds }, async ({ changes, at, isWarmUp }) => {
    const ids = await trade.commit(changes);
    if (!isWarmUp) for (const id of ids) counted.set(id, at);
  });
  return counted;
}

async function untilAlerted(arrivals: ReadonlyMap<string, number>, ids: readonly string[]): Promise<void> {
  await untilArrived('alerts', () => ids.filter((id) => !arrivals.has(id)).length, PATIENCE);
}

/** Payments of the same few customers in turn, beside what the e-wallet has. */
class Trade {
  private made = 0;

  private constructor(
    private readonly client: Client,
    private readonly last: string,
  ) {}

  static async open(client: Client): Promise<Trade> {
    const { rows } = await client.query<{ last: string }>('select max(id)::text as last from transactions');
    await client.query(
      `create temporary table payers as
       select row_number() over (order by payer.user_id) - 1 as place, payer.id as source, shop.id as destination, payer.currency
       from (select distinct on (user_id) * from wallets where kind = 'customer' order by user_id, id limit $1) payer
       cross join lateral (select id from wallets where kind = 'merchant' and currency = payer.currency order by id limit 1) shop`,
      [CUSTOMERS],
    );
    return new Trade(client, rows[0]?.last ?? '0');
  }

  /** In one transaction of the database. @returns ids, in the order of the customers' turns */
  async commit(payments: number): Promise<readonly string[]> {
    const { rows } = await this.client.query<{ id: string }>(
      `insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, created_at, settled_at, updated_at)
       select 'payment', 'completed', source, destination, currency, 1, 'qr', now(), now(), now()
       from generate_series($1::int, $2::int) n join payers on place = n % (select count(*) from payers) order by n
       returning id::text`,
      [this.made, this.made + payments - 1],
    );
    this.made += payments;
    return rows.map(({ id }) => id);
  }

  async takeBack(): Promise<void> {
    await this.client.query('delete from transactions where id > $1', [this.last]);
  }
}
