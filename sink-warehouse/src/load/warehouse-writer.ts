import { Failure } from '@ewallet/failure';
import { failureFromPostgres, sqlStateOf } from '@ewallet/postgres';
import type { Client } from 'pg';
import { partitionKey } from '@ewallet/kafka';
import { advanceOffsets, FencedOut } from '../state/fences';
import type { TablePolicy } from '../tables/table-plan';
import { shownTable } from '../tables/table-name';
import { storeDeadLetters } from './dead-letter-store';
import type { Batch, DeadLetter } from './batch';
import { recordOf } from './raw-record';
import { judgeFault, type WarehouseFault } from './fault';
import { orderedByForeignKey } from './foreign-key';
import { arrivals } from './arrival';
import { liveReferences, halves } from './bisection';
import type { RowReference, TableBatch } from './table-batch';
import { TableLanding } from './table-landing';
import { TopicTrouble } from './topic-trouble';

export interface WriterOptions {
  readonly connector: string;
  readonly tables: TablePolicy;
  /** False: the first record that does not fit stops the sink. */
  readonly tolerateBadRecords: boolean;
  /** Asked before dead letters are committed; throws when they are too many. */
  readonly admitDeadLetters: (count: number) => void;
  /** Told that the warehouse answered while a batch is under way. */
  readonly answered: () => void;
  /** Told that the warehouse's clock is behind its newest landing, and at what time rows land instead. */
  readonly clockIsBehind: (landing: string) => void;
}

/** How to go about one attempt. Each fault of an attempt makes the next one slower and more careful. */
interface Attempt {
  readonly straight: boolean;
  readonly careful: boolean;
  /** Whether deferred constraints are checked with each statement, as the commit found a record that breaks one. */
  readonly immediate: boolean;
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
  /** The table that is being written, which faults name. */
  private current: TableBatch | undefined;
  private clockWasBehind = false;

  constructor(
    private readonly client: Client,
    private readonly options: WriterOptions,
  ) {
    this.landing = new TableLanding(client, options.tables, options.answered);
  }

  /**
   * @param fences the fence of each partition, by partitionKey
   * @throws FencedOut when a partition is no longer this process's; nothing was written
   * @throws TopicTrouble when a table or a record keeps one topic from landing; nothing was written, and the batch lands
   *   without that topic
   * @throws Failure when the environment fails; nothing was written
   */
  async land(batch: Batch, fences: ReadonlyMap<string, string>): Promise<Landed> {
    let attempt: Attempt = { straight: true, careful: false, immediate: false };
    for (let attempts = 1; ; attempts += 1) {
      try {
        return { deadLetters: await this.transact(batch, fences, attempt), attempts };
      } catch (error) {
        await this.rollback(error);
        const next = this.nextAttempt(batch, attempt, error, attempts);
        // A deferred constraint speaks up at the commit only.
        if (next === undefined)
          throw this.troubleOf(batch, error, (await orderedByForeignKey(this.client, error)) ?? this.explain(error));
        attempt = next;
      }
    }
  }

  private async transact(batch: Batch, fences: ReadonlyMap<string, string>, attempt: Attempt): Promise<DeadLetter[]> {
    const [undecodable] = batch.deadLetters;
    if (undecodable !== undefined && !this.options.tolerateBadRecords) throw undecodableRecord(undecodable);
    this.current = undefined;
    await this.client.query('begin');
    const deadLetters = [...batch.deadLetters];
    const careful: DeadLetter[] = [];
    // First the fence: a process that lost its partitions learns it before it has written a row.
    const landing = await this.advance(batch, fences);
    if (landing !== undefined && !this.clockWasBehind) this.options.clockIsBehind(landing);
    this.clockWasBehind = landing !== undefined;
    this.landing.landAt(landing);
    if (attempt.immediate) await this.client.query('set constraints all immediate');
    for (const table of batch.usedTables) {
      this.current = table;
      if (attempt.careful) careful.push(...(await this.landCarefully(batch, table)));
      else await this.landing.land(table, { mayCopyStraight: attempt.straight });
    }
    this.current = undefined;
    for (const end of batch.generationEnds) await this.landing.deleteOlderGenerations(end);
    deadLetters.push(...careful);
    this.options.admitDeadLetters(deadLetters.length);
    await storeDeadLetters(this.client, this.options.connector, deadLetters);
    await this.client.query('commit');
    return deadLetters;
  }

  private async advance(batch: Batch, fences: ReadonlyMap<string, string>): Promise<string | undefined> {
    const advances = [...batch.progress.values()].map((progress) => ({
      ...progress,
      fence: fences.get(partitionKey(progress)) ?? '-1', // no claim has a negative fence
    }));
    return advanceOffsets(this.client, this.options.connector, advances);
  }

  /**
   * Rows and tombstones by halves, each tried under a savepoint, until the unfit ones stand alone. Where the order of
   * rows matters, all versions land one after another as they came; elsewhere only the last good one of each key.
   */
  private async landCarefully(batch: Batch, table: TableBatch): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const inOrder = await this.landing.landsInOrder(table);
    const pending: RowReference[][] = [inOrder ? arrivals(table) : liveReferences(table)];
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part.length === 0) continue;
      this.options.answered();
      const rows = part;
      try {
        await this.landing.attempt(table, async () => this.landing.landRows(table, rows));
        continue;
      } catch (error) {
        const fault = judgeFault(error);
        if (fault.kind !== 'data' && fault.kind !== 'repeated-key' && fault.kind !== 'key-exists') throw error;
        const refused = await orderedByForeignKey(this.client, error);
        if (refused !== undefined) throw refused;
        const [only, ...others] = part;
        if (only === undefined || others.length > 0) {
          // The later half lands last: keys that only PostgreSQL sees as equal end as their last record says.
          pending.push(...halves(part).reverse());
          continue;
        }
        const letter = letterOf(batch, { table, reference: only, error, fault });
        if (!this.options.tolerateBadRecords) throw unfit(table, letter);
        letters.push(letter);
        // The record before it is the last good one of its key.
        const previous = inOrder ? undefined : table.previousOf(only);
        if (previous !== undefined) pending.push([previous]);
      }
    }
    return letters;
  }

  private nextAttempt(batch: Batch, attempt: Attempt, error: unknown, attempts: number): Attempt | undefined {
    if (attempts >= 6 || isSettled(error)) return undefined;
    const fault = judgeFault(error);
    switch (fault.kind) {
      case 'environment':
        return undefined;
      case 'table-changed':
        return { ...attempt, straight: false };
      case 'key-exists':
        this.landing.stopStraightCopy([...batch.usedTables].map((table) => table.target));
        return attempt.straight ? { ...attempt, straight: false } : moreCareful(attempt);
      case 'data':
      case 'repeated-key':
        return moreCareful(attempt);
    }
  }

  private async rollback(cause: unknown): Promise<void> {
    if (sqlStateOf(cause) === undefined && !isSettled(cause)) return;
    await this.client.query('rollback').catch(() => undefined);
    await this.landing.forget().catch(() => undefined);
  }

  /** Whose trouble it is, where it is one topic's. */
  private troubleOf(batch: Batch, error: unknown, explained: unknown): unknown {
    if (!(explained instanceof Failure)) return explained;
    const topic = this.current?.target.topic ?? topicOfTable(batch, error);
    const isTopics = explained.kind === 'config_error' || isOfOneTable(error);
    return topic !== undefined && isTopics ? new TopicTrouble(topic, explained) : explained;
  }

  private explain(error: unknown): unknown {
    if (error instanceof FencedOut || error instanceof TopicTrouble) return error;
    if (this.current !== undefined && judgeFault(error).kind === 'table-changed') {
      const { name, topic, stream } = this.current.target;
      return failureFromPostgres(error, {
        what: `Could not write the records of ${topic} to ${shownTable(name)}, whose columns do not take their types`,
        stream: { name: stream },
      });
    }
    return failureFromPostgres(error, { what: 'Could not write a batch to the warehouse' });
  }
}

/** What no other attempt can change. */
function isSettled(error: unknown): boolean {
  return error instanceof FencedOut || error instanceof Failure || error instanceof TopicTrouble;
}

/**
 * Whether the error, though no fault of the configuration, can be of one table alone: somebody's lock, a trigger that
 * raises, a right or an object that is missing.
 */
function isOfOneTable(error: unknown): boolean {
  const state = sqlStateOf(error) ?? '';
  return state === '55P03' || state === '57014' || /^(P0|0A|2F|38|39|42|44)/.test(state);
}

/** A careful attempt puts aside what a statement refuses: what it still fails with, the commit refused. */
function moreCareful({ careful, immediate }: Attempt): Attempt | undefined {
  return immediate ? undefined : { straight: false, careful: true, immediate: careful };
}

interface RefusedRow {
  readonly table: TableBatch;
  readonly reference: RowReference;
  readonly error: unknown;
  readonly fault: WarehouseFault;
}

function letterOf(batch: Batch, { table, reference, error, fault }: RefusedRow): DeadLetter {
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

function undecodableRecord({ topic, partition, offset, errorMessage }: DeadLetter): TopicTrouble {
  const failure = Failure.config(
    `${topic} partition ${partition} offset ${offset}: ${errorMessage}. Correct the producer, or ${TOLERATE}.`,
  );
  return new TopicTrouble(topic, failure, 'stop');
}

function unfit(table: TableBatch, letter: DeadLetter): TopicTrouble {
  const failure = Failure.config(
    `${letter.topic} partition ${letter.partition} offset ${letter.offset}: ${letter.errorMessage}. Correct the table, or ${TOLERATE}.`,
    { stream: { name: table.target.stream } },
  );
  return new TopicTrouble(letter.topic, failure, 'stop');
}

/** A deferred constraint speaks up at the commit, when no table is being written. */
function topicOfTable(batch: Batch, error: unknown): string | undefined {
  if (sqlStateOf(error) === undefined) return undefined;
  const { schema, table } = error as { schema?: unknown; table?: unknown };
  return batch.usedTables.find(({ target: { name } }) => name.schema === schema && name.table === table)?.target.topic;
}
