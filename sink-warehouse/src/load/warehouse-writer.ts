import { Failure } from '@ewallet/failure';
import { failureFromPostgres, sqlStateOf } from '@ewallet/postgres';
import type { Client } from 'pg';
import { partitionKey } from '@ewallet/kafka';
import { advanceOffsets, FencedOut } from '../state/fences';
import type { TablePolicy } from '../tables/table-plan';
import { shownTable } from '../tables/table-name';
import { storeDeadLetters } from '../deadletters/store';
import type { Batch, DeadLetter } from './batch';
import { recordOf } from './raw-record';
import { judgeFault, type WarehouseFault } from './fault';
import { orderedByForeignKey } from './foreign-key';
import { liveReferences, halves } from './bisection';
import type { RowReference, TableBatch } from './table-batch';
import { TableLanding } from './table-landing';

export interface WriterOptions {
  readonly connector: string;
  readonly tables: TablePolicy;
  /** False: the first record that does not fit stops the sink. */
  readonly tolerateBadRecords: boolean;
  /** Asked before dead letters are committed; throws when they are too many. */
  readonly admitDeadLetters: (count: number) => void;
}

/** How to go about one attempt. Each fault of an attempt makes the next one slower and more careful. */
interface Attempt {
  readonly straight: boolean;
  readonly careful: boolean;
}

export interface Landed {
  readonly deadLetters: readonly DeadLetter[];
  readonly attempts: number;
}

/**
 * Writes batches to the warehouse over one connection: rows of every table, dead letters and offsets in one transaction.
 * After anything but a FencedOut or a Failure of the configuration the connection is of no use any more.
 */
export class WarehouseWriter {
  private readonly landing: TableLanding;

  constructor(
    private readonly client: Client,
    private readonly options: WriterOptions,
  ) {
    this.landing = new TableLanding(client, options.tables);
  }

  /**
   * @param fences the fence of each partition, by partitionKey
   * @throws FencedOut when a partition is no longer this process's; nothing was written
   * @throws Failure when a record does not fit and none may be left out, or the environment fails; nothing was written
   */
  async land(batch: Batch, fences: ReadonlyMap<string, string>): Promise<Landed> {
    let attempt: Attempt = { straight: true, careful: false };
    for (let attempts = 1; ; attempts += 1) {
      try {
        return { deadLetters: await this.transact(batch, fences, attempt), attempts };
      } catch (error) {
        await this.rollback(error);
        const next = this.nextAttempt(batch, attempt, error, attempts);
        // A deferred constraint speaks up at the commit only.
        if (next === undefined) throw (await orderedByForeignKey(this.client, error)) ?? this.explain(error);
        attempt = next;
      }
    }
  }

  private async transact(batch: Batch, fences: ReadonlyMap<string, string>, attempt: Attempt): Promise<DeadLetter[]> {
    const [undecodable] = batch.deadLetters;
    if (undecodable !== undefined && !this.options.tolerateBadRecords) throw undecodableRecord(undecodable);
    await this.client.query('begin');
    const deadLetters = [...batch.deadLetters];
    const careful: DeadLetter[] = [];
    // First the fence: a process that lost its partitions learns it before it has written a row.
    await this.advance(batch, fences);
    for (const table of batch.usedTables) {
      if (attempt.careful) careful.push(...(await this.landCarefully(batch, table)));
      else await this.landing.land(table, { mayCopyStraight: attempt.straight });
    }
    for (const end of batch.generationEnds) await this.landing.deleteOlderGenerations(end);
    deadLetters.push(...careful);
    this.options.admitDeadLetters(deadLetters.length);
    await storeDeadLetters(this.client, this.options.connector, deadLetters);
    await this.client.query('commit');
    return deadLetters;
  }

  private async advance(batch: Batch, fences: ReadonlyMap<string, string>): Promise<void> {
    const advances = [...batch.progress.values()].map((progress) => ({
      ...progress,
      fence: fences.get(partitionKey(progress)) ?? '-1', // no claim has a negative fence
    }));
    await advanceOffsets(this.client, this.options.connector, advances);
  }

  /** Rows and tombstones by halves, each tried under a savepoint, until the unfit ones stand alone. */
  private async landCarefully(batch: Batch, table: TableBatch): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const pending: RowReference[][] = [liveReferences(table)];
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part.length === 0) continue;
      await this.client.query('savepoint part');
      try {
        await this.landing.landRows(table, part);
        await this.client.query('release savepoint part');
        continue;
      } catch (error) {
        const fault = judgeFault(error);
        if (fault.kind !== 'data' && fault.kind !== 'repeated-key' && fault.kind !== 'key-exists') throw error;
        await this.client.query('rollback to savepoint part');
        await this.client.query('release savepoint part');
        await this.landing.forget();
        const refused = await orderedByForeignKey(this.client, error);
        if (refused !== undefined) throw refused;
        const [only, ...others] = part;
        if (only === undefined || others.length > 0) {
          // The later half lands last: keys that only PostgreSQL sees as equal end as their last record says.
          pending.push(...halves(part).reverse());
          continue;
        }
        const letter = letterOf(batch, table, only, error, fault);
        if (!this.options.tolerateBadRecords) throw unfit(table, letter);
        letters.push(letter);
        // The record before it is the last good one of its key.
        const previous = table.previousOf(only);
        if (previous !== undefined) pending.push([previous]);
      }
    }
    return letters;
  }

  private nextAttempt(batch: Batch, attempt: Attempt, error: unknown, attempts: number): Attempt | undefined {
    if (attempts >= 5 || error instanceof FencedOut || error instanceof Failure) return undefined;
    const fault = judgeFault(error);
    switch (fault.kind) {
      case 'environment':
        return undefined;
      case 'table-changed':
        return { ...attempt, straight: false };
      case 'key-exists':
        this.landing.stopStraightCopy([...batch.usedTables].map((table) => table.target));
        return attempt.straight ? { ...attempt, straight: false } : { straight: false, careful: true };
      case 'data':
      case 'repeated-key':
        return attempt.careful ? undefined : { straight: false, careful: true };
    }
  }

  private async rollback(cause: unknown): Promise<void> {
    if (sqlStateOf(cause) === undefined && !(cause instanceof FencedOut) && !(cause instanceof Failure)) return;
    await this.client.query('rollback').catch(() => undefined);
    await this.landing.forget().catch(() => undefined);
  }

  private explain(error: unknown): unknown {
    if (error instanceof FencedOut) return error;
    return failureFromPostgres(error, { what: 'Could not write a batch to the warehouse' });
  }
}

function letterOf(
  batch: Batch,
  table: TableBatch,
  reference: RowReference,
  error: unknown,
  fault: WarehouseFault,
): DeadLetter {
  const code = fault.kind === 'data' ? fault.sqlState : fault.kind;
  return {
    ...recordOf(batch, table, reference),
    stage: 'TASK_PUT',
    errorClass: `org.postgresql.SQLSTATE.${code}`,
    // The server's text quotes values; its column and constraint names do not.
    errorMessage: `${shownTable(table.target.name)} refused the record: SQLSTATE ${code}${named(error)}`,
  };
}

function named(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { column, constraint } = error as { column?: unknown; constraint?: unknown };
  if (typeof constraint === 'string') return `, constraint ${constraint}`;
  return typeof column === 'string' ? `, column ${column}` : '';
}

const TOLERATE = 'set errors.tolerance=all to put such records aside in the dead letter queue';

function undecodableRecord({ topic, partition, offset, errorMessage }: DeadLetter): Failure {
  return Failure.config(
    `${topic} partition ${partition} offset ${offset}: ${errorMessage}. Correct the producer, or ${TOLERATE}.`,
  );
}

function unfit(table: TableBatch, letter: DeadLetter): Failure {
  return Failure.config(
    `${letter.topic} partition ${letter.partition} offset ${letter.offset}: ${letter.errorMessage}. Correct the table, or ${TOLERATE}.`,
    { stream: { name: table.target.stream } },
  );
}
