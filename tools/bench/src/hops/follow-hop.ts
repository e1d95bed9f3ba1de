import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import type { Client } from 'pg';
import type { Latency } from '../measure/latency';
import { commitAtPace, untilArrived, type Pace } from '../measure/pace';
import { withClient, type BenchSession } from '../session/bench-session';
import { followConfig, startFollowing } from '../session/followed-sync';
import { TopicWatch } from '../session/topic-watch';
import { startSink, stopSink } from './sink-hop';

/** Milliseconds between two looks into the warehouse. */
const LOOK = 20;
/** How long the last change may take. */
const PATIENCE = 60_000;

/**
 * Commits changes at a given rate while `ewallet-sync run --follow` and the sink run, and times each by its commit timestamp:
 * until a read-committed consumer has it, and until a query of the warehouse finds it.
 */
export async function followTrial(session: BenchSession, pace: Pace, run: number): Promise<readonly Latency[]> {
  const name = `follow${run}`;
  const table = `${name}_payments`;
  await withClient(session.sourceUrl, async (client) => {
    await client.query(
      `create table ${table} (id bigserial primary key, wallet bigint not null, amount numeric(20, 4) not null, note text, at timestamptz not null)`,
    );
    await client.query(`create publication ${name} for table ${table}`);
    await client.query(`insert into ${table} (wallet, amount, at) values (0, 0, now())`);
  });
  const sync = startFollowing(session, await followConfig(session, name, [table]));
  const sink = await startSink(session, name);
  try {
    const latencies = await withClient(session.warehouseUrl, async (warehouse) => {
      await untilFollowed(session, warehouse, table);
      // When each change came, as milliseconds since its commit, by id.
      const consumed = new Map<number, number>();
      const consumer = await TopicWatch.start(session, `${name}.${table}`, (value, now) => {
        const row = value as { readonly id: number; readonly _ab_cdc_updated_at: number };
        if (row.id > 1) consumed.set(row.id, now - row._ab_cdc_updated_at / 1_000);
      });
      try {
        const looks = new WarehouseWatch(warehouse, table);
        const watching = looks.watch();
        const counted = await commitAt(session, table, pace);
        const missing = (): number => counted.last - Math.min(consumed.size, looks.arrivals.size);
        await untilArrived('changes', missing, PATIENCE);
        looks.stop();
        await watching;
        return [
          {
            name: `Kafka, read committed, ${pace.rate.toLocaleString('en')} changes/s`,
            targets: [{ percentile: 50, milliseconds: 500 }],
            samples: counted.of(consumed),
          },
          {
            name: `warehouse, ${pace.rate.toLocaleString('en')} changes/s`,
            targets: [
              { percentile: 50, milliseconds: 1_000 },
              { percentile: 99, milliseconds: 2_000 },
            ],
            samples: counted.of(looks.arrivals),
          },
        ];
      } finally {
        await consumer.stop();
      }
    });
    await sync.stop();
    return latencies;
  } finally {
    await stopSink(sink);
    await sync.end();
    await withClient(session.sourceUrl, async (client) => {
      await client.query(`drop publication ${name}; drop table ${table}`);
      await client.query('select pg_drop_replication_slot($1)', [name]);
    });
  }
}

/** A first change has come through while following: everything runs. */
async function untilFollowed(session: BenchSession, warehouse: Client, table: string): Promise<void> {
  await withClient(session.sourceUrl, async (client) => {
    const deadline = Date.now() + PATIENCE;
    for (let tries = 0; Date.now() < deadline; tries += 1) {
      const { rows } = await warehouse.query<{ there: boolean }>(
        `select to_regclass('raw.${table}') is not null as there`,
      );
      if (rows[0]?.there === true) {
        const { rows: slots } = await client.query<{ active: boolean }>(
          'select active from pg_replication_slots where slot_name = $1',
          [table.replace('_payments', '')],
        );
        // The first sync reads from the slot, too: twice in a row with a second between is the one that stays.
        if (slots[0]?.active === true && tries > 50) return;
      }
      await sleep(100);
    }
    throw Failure.system(`Nothing was followed within ${PATIENCE / 1_000} s; see ${session.errors}`);
  });
}

interface Counted {
  /** Changes committed, those of the warm-up included: their ids are 2 to `last` + 1. */
  readonly last: number;
  /** Latencies of the changes that count. */
  of(arrivals: ReadonlyMap<number, number>): readonly number[];
}

async function commitAt({ sourceUrl }: BenchSession, table: string, pace: Pace): Promise<Counted> {
  return withClient(sourceUrl, async (client) => {
    let [committed, warm] = [0, 0];
    await commitAtPace(pace, async ({ changes, isWarmUp }) => {
      await client.query(
        `insert into ${table} (wallet, amount, note, at) select n, n * 1.25, 'a payment of a wallet', now() from generate_series(1, $1::int) n`,
        [changes],
      );
      committed += changes;
      if (isWarmUp) warm = committed;
    });
    return {
      last: committed,
      of: (arrivals) => [...arrivals].flatMap(([id, latency]) => (id > warm + 1 ? [latency] : [])),
    };
  });
}

/** When a query of the warehouse first found each change, as milliseconds since its commit, by id. */
class WarehouseWatch {
  readonly arrivals = new Map<number, number>();
  private isStopped = false;
  /** Every id up to it was found. */
  private whole = 1;

  constructor(
    private readonly client: Client,
    private readonly table: string,
  ) {}

  async watch(): Promise<void> {
    while (!this.isStopped) {
      const { rows } = await this.client.query<{ id: string; committed: string }>(
        `select id::text, (extract(epoch from _ab_cdc_updated_at) * 1000)::float8::text as committed from raw.${this.table} where id > $1`,
        [this.whole],
      );
      const now = Date.now();
      for (const { id, committed } of rows) {
        if (!this.arrivals.has(Number(id))) this.arrivals.set(Number(id), now - Number(committed));
      }
      while (this.arrivals.has(this.whole + 1)) this.whole += 1;
      await sleep(LOOK);
    }
  }

  stop(): void {
    this.isStopped = true;
  }
}
