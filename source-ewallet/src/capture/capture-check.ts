import type { Client } from 'pg';
import { quoteIdentifier, quoteQualified, streamName } from '@ewallet/postgres';
import type { SourceConfig } from '../config/source-config';
import type { Table } from '../tables/table';
import type { CaptureConfig } from '../config/capture-config';
import { slotProblem, syncedSlot } from './capture-start';
import {
  createPublicationSql,
  queryCapturedTables,
  queryPublication,
  whyNotCaptured,
  type CapturedTable,
  type Publication,
} from './publication';
import { queryCaptureServer, type CaptureServer } from './server-place';
import { createSlotSql, querySlot, whyLost, type Slot } from './slot';

export interface CaptureFacts {
  readonly server: CaptureServer;
  readonly publication: Publication | undefined;
  readonly tables: readonly CapturedTable[];
  readonly slot: Slot | undefined;
  readonly limits: CaptureLimits;
}

/** The server's settings that end slots or refuse new ones. */
export interface CaptureLimits {
  /** -1: none. */
  readonly keepMegabytes: number;
  /** Seconds; 0 or undefined: none. */
  readonly idleTimeout: number | undefined;
  readonly maxSlots: number;
  readonly slots: number;
  readonly maxSenders: number;
}

/** What would make a sync fail. Each sentence has the statement or setting that mends it. */
export function findCaptureProblems(
  config: SourceConfig,
  capture: CaptureConfig,
  facts: CaptureFacts,
): readonly string[] {
  const { limits, publication, server, slot } = facts;
  const role = quoteIdentifier(config.connection.username);
  const problems: string[] = [];
  if (server.walLevel !== 'logical') {
    problems.push(
      `wal_level is ${server.walLevel}, and capturing changes needs logical: ALTER SYSTEM SET wal_level = 'logical'; then restart the server.`,
    );
  }
  if (server.isStandby && server.version < 160_000) {
    problems.push('The server is a standby, which decodes changes from PostgreSQL 16 on only: connect to the primary.');
  }
  if (!server.mayReplicate) {
    problems.push(
      `Role ${config.connection.username} may not replicate: ALTER ROLE ${role} WITH REPLICATION; (on Amazon RDS: GRANT rds_replication TO ${role};)`,
    );
  }
  if (limits.maxSenders === 0) problems.push('max_wal_senders is 0: raise it, then restart the server.');
  if (publication === undefined) {
    problems.push(
      `There is no publication ${capture.publication} in database ${server.database}: ${createPublicationSql(capture.publication)}`,
    );
  } else {
    problems.push(...publicationProblems(publication, capture, facts.tables));
  }
  problems.push(...slotProblems(capture, slot, server, limits));
  return problems;
}

function publicationProblems(
  publication: Publication,
  capture: CaptureConfig,
  tables: readonly CapturedTable[],
): readonly string[] {
  const problems: string[] = [];
  const { insert, update, delete: deletes } = publication.operations;
  const missing = [insert ? '' : 'insert', update ? '' : 'update', deletes ? '' : 'delete'].filter(Boolean);
  if (missing.length > 0) {
    problems.push(
      `Publication ${publication.name} leaves out ${missing.join(' and ')}: ALTER PUBLICATION ${quoteIdentifier(publication.name)} SET (publish = 'insert, update, delete, truncate');`,
    );
  }
  const captured = tables.filter((table) => whyNotCaptured(table, publication) === undefined);
  if (captured.length === 0) {
    const [first] = tables;
    problems.push(
      `Publication ${publication.name} holds none of the tables whose changes can be captured` +
        (first === undefined
          ? '.'
          : `: ALTER PUBLICATION ${quoteIdentifier(publication.name)} ADD TABLE ${quoteQualified(first.table.schema, first.table.name)};`),
    );
  }
  for (const { rowFilter, table } of captured) {
    if (rowFilter === undefined) continue;
    problems.push(
      `Publication ${publication.name} publishes ${streamName(table)} with a row filter, which the first copy would not apply: ` +
        `ALTER PUBLICATION ${quoteIdentifier(publication.name)} DROP TABLE ${quoteQualified(table.schema, table.name)}; and add it without WHERE.`,
    );
  }
  if (capture.unchangedValues === 'require_full') {
    for (const { table, unchangedLeftOut } of captured) {
      if (unchangedLeftOut.length === 0) continue;
      problems.push(
        `unchanged_values is require_full, and an UPDATE of ${streamName(table)} can leave out ${unchangedLeftOut.join(', ')}: ` +
          `ALTER TABLE ${quoteQualified(table.schema, table.name)} REPLICA IDENTITY FULL;`,
      );
    }
  }
  return problems;
}

function slotProblems(
  capture: CaptureConfig,
  slot: Slot | undefined,
  server: CaptureServer,
  limits: CaptureLimits,
): readonly string[] {
  if (slot === undefined) {
    const problems = [];
    if (capture.slotCreation === 'never') {
      problems.push(
        `There is no replication slot ${capture.slot}: ${createSlotSql(capture.slot, server)} (or set replication_method.slot_creation to if_missing).`,
      );
    }
    if (limits.slots >= limits.maxSlots) {
      problems.push(
        `All ${limits.maxSlots} replication slots of max_replication_slots are taken: drop one that nobody reads, or raise it and restart the server.`,
      );
    }
    return problems;
  }
  if (slot.isSynced && server.isStandby) return [syncedSlot(slot)];
  const problem = slotProblem(slot, server);
  if (problem !== undefined) return [problem];
  const lost = whyLost(slot);
  if (lost === undefined) return [];
  const remedy =
    capture.slotCreation === 'if_missing' && capture.onInvalidPosition !== 'fail'
      ? undefined
      : `SELECT pg_drop_replication_slot('${slot.name}'); ${createSlotSql(slot.name, server)} Then reset the connection, or set replication_method.invalid_cdc_cursor_position_behavior to "Re-read changed rows".`;
  return remedy === undefined ? [] : [`${capitalised(lost)}. ${remedy}`];
}

/** What lets a sync succeed and is still worth knowing. */
export function findCaptureWarnings(capture: CaptureConfig, facts: CaptureFacts): readonly string[] {
  const { limits, publication, slot, tables } = facts;
  const warnings: string[] = [];
  if (publication !== undefined) {
    for (const table of tables) {
      const why = whyNotCaptured(table, publication);
      if (why !== undefined) warnings.push(`Table ${streamName(table.table)} is full refresh only: it ${why}`);
    }
    if (!publication.viaRoot && tables.some(({ table }) => table.kind === 'partitioned table')) {
      warnings.push(
        `Publication ${publication.name} publishes partitions under their own names, so one attached later is left out unless it is added: ` +
          `ALTER PUBLICATION ${quoteIdentifier(publication.name)} SET (publish_via_partition_root = true);`,
      );
    }
    for (const { excluded, generated, table, unchangedLeftOut } of tables) {
      const name = quoteQualified(table.schema, table.name);
      if (excluded.length > 0) {
        warnings.push(
          `Columns ${excluded.join(', ')} of ${streamName(table)} are not in the publication’s column list.`,
        );
      }
      if (generated.length > 0) {
        warnings.push(
          `Generated columns ${generated.join(', ')} of ${streamName(table)} are not streamed and left out` +
            (facts.server.version >= 180_000
              ? `: ALTER PUBLICATION ${quoteIdentifier(publication.name)} SET (publish_generated_columns = stored);`
              : ' (PostgreSQL 18 can publish them).'),
        );
      }
      if (unchangedLeftOut.length > 0 && capture.unchangedValues === 'reread') {
        warnings.push(
          `An UPDATE of ${streamName(table)} that leaves a large value of ${unchangedLeftOut.join(', ')} as it is does not stream it: it is read from the table. ` +
            `To stream every version exactly: ALTER TABLE ${name} REPLICA IDENTITY FULL;`,
        );
      }
    }
  }
  if (slot?.activePid !== undefined) {
    warnings.push(
      `Replication slot ${slot.name} is in use by process ${slot.activePid} of the server: a sync that runs, or another reader. One slot serves one connection.`,
    );
  }
  if (limits.keepMegabytes >= 0) {
    warnings.push(
      `max_slot_wal_keep_size is ${limits.keepMegabytes} MB: when more log than that is written between two syncs, the slot is lost. Sync more often than that, or raise it.`,
    );
  } else {
    warnings.push(
      'max_slot_wal_keep_size is not set: while no sync runs the server keeps all of its log, until its disk is full. Set it to what the disk can spare.',
    );
  }
  if (limits.idleTimeout !== undefined && limits.idleTimeout > 0) {
    warnings.push(
      `idle_replication_slot_timeout is ${limits.idleTimeout} s: sync more often than that, or the slot is lost.`,
    );
  }
  return warnings;
}

export async function queryCaptureFacts(
  client: Client,
  capture: CaptureConfig,
  tables: readonly Table[],
): Promise<CaptureFacts> {
  const { rows } = await client.query<CaptureLimits>(
    `select (select setting::float8 from pg_settings where name = 'max_slot_wal_keep_size') as "keepMegabytes",
       (select setting::float8 from pg_settings where name = 'idle_replication_slot_timeout') as "idleTimeout",
       current_setting('max_replication_slots')::int as "maxSlots", current_setting('max_wal_senders')::int as "maxSenders",
       (select count(*)::int from pg_replication_slots) as slots`,
  );
  return {
    server: await queryCaptureServer(client),
    publication: await queryPublication(client, capture.publication),
    tables: await queryCapturedTables(client, tables, capture.publication),
    slot: await querySlot(client, capture.slot),
    limits: {
      keepMegabytes: rows[0]?.keepMegabytes ?? -1,
      idleTimeout: rows[0]?.idleTimeout ?? undefined,
      maxSlots: rows[0]?.maxSlots ?? 0,
      maxSenders: rows[0]?.maxSenders ?? 0,
      slots: rows[0]?.slots ?? 0,
    },
  };
}

function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
