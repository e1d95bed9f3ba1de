import { Failure } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import { Session, type SideName } from '../server/session';
import type { SessionPair } from './compare-range';

/**
 * One moment of each database, seen by several pairs of sessions. The warehouse's is taken first: then a row that it has
 * and the source lacks was deleted, whatever the pipeline is doing.
 */
export class Snapshots {
  private constructor(
    readonly pairs: readonly SessionPair[],
    private readonly sessions: readonly Session[],
  ) {}

  /** @param between what has to be true of the source's moment, once the warehouse's is taken */
  static async open(
    source: ConnectionConfig,
    warehouse: ConnectionConfig,
    workers: number,
    between: () => Promise<unknown>,
  ): Promise<Snapshots> {
    const sessions: Session[] = [];
    try {
      const warehouses = await openSide('warehouse', warehouse, workers, sessions);
      await between();
      const sources = await openSide('source', source, workers, sessions);
      const pairs = sources.map((session, index) => {
        const other = warehouses[index];
        if (other === undefined) throw Failure.system('A worker has no session of the warehouse.');
        return { source: session, warehouse: other };
      });
      return new Snapshots(pairs, sessions);
    } catch (error) {
      await closeAll(sessions);
      throw error;
    }
  }

  async close(): Promise<void> {
    await closeAll(this.sessions);
  }
}

async function openSide(
  side: SideName,
  config: ConnectionConfig,
  workers: number,
  opened: Session[],
): Promise<readonly Session[]> {
  const open = async (): Promise<Session> => {
    const session = await Session.open(side, config);
    opened.push(session);
    return session;
  };
  const first = await open();
  await first.begin();
  const sessions = [first];
  if (workers > 1) {
    const [row] = await first.query('select pg_export_snapshot() as snapshot');
    for (let worker = 1; worker < workers; worker += 1) {
      const session = await open();
      await session.begin(row?.snapshot ?? '');
      sessions.push(session);
    }
  } else {
    // The snapshot is taken by the first statement, not by BEGIN.
    await first.query('select 1');
  }
  return sessions;
}

async function closeAll(sessions: readonly Session[]): Promise<void> {
  await Promise.allSettled(sessions.map(async (session) => session.close()));
}
