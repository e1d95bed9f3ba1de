import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '@ewallet/failure';
import { readCommand, withClient, type BenchSession } from '../session/bench-session';
import type { Delay } from '../measure/delay';
import { runPipeline } from '../measure/pipeline';

/** Rows that arrive between two syncs. */
const NEW_ROWS = 1_000;
/** The last STATE of a sync is in its last bytes. */
const TAIL = 1 << 20;

/** What a sync costs when next to nothing happened: its start, a sync without a new row, and one with a thousand. */
export async function incrementalTrial(session: BenchSession, lines: string): Promise<Delay[]> {
  const state = path.join(session.directory, 'state.json');
  await writeFile(state, JSON.stringify([await lastState(lines)]));
  const first = await untilFirstRecord(session);
  const idle = await sync(session, state, 0, 'idle incremental sync');
  const added = await addRows(session);
  try {
    return [first, idle, await sync(session, state, NEW_ROWS, `incremental sync of ${NEW_ROWS} new rows`)];
  } finally {
    await removeRows(session, added);
  }
}

/** Copies of the newest rows, under ids of their own. @returns those ids */
async function addRows({ sourceUrl }: BenchSession): Promise<readonly string[]> {
  return withClient(sourceUrl, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `insert into transactions (type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency, amount,
                                 fee, channel, failure_reason, created_at, settled_at, updated_at)
       select type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency, amount,
              fee, channel, failure_reason, created_at, settled_at, now()
         from transactions order by updated_at desc, id desc limit $1
       returning id::text`,
      [NEW_ROWS],
    );
    return rows.map(({ id }) => id);
  });
}

async function removeRows({ sourceUrl }: BenchSession, ids: readonly string[]): Promise<void> {
  await withClient(sourceUrl, async (client) => {
    // No index serves refund_of_id: to look for refunds of each row took 100 s for a thousand of a million rows.
    await client.query("set session_replication_role = 'replica'");
    await client.query('delete from transactions where id = any($1::bigint[])', [ids]);
  });
}

async function sync(session: BenchSession, state: string, records: number, name: string): Promise<Delay> {
  const file = path.join(session.directory, 'incremental.jsonl');
  try {
    const { seconds, peakRss } = await runPipeline(
      [
        { command: [...readCommand(session), '--state', state], measured: true },
        { command: ['cat'], measured: false },
      ],
      { output: file, errors: session.errors },
    );
    const found = (await readFile(file, 'utf8')).match(/^\{"type":"RECORD"/gm)?.length ?? 0;
    if (found !== records) throw Failure.system(`The ${name} read ${found} records and should read ${records}.`);
    return { name, target: 3, seconds, peakRss };
  } finally {
    await rm(file, { force: true });
  }
}

/** From the start of the program to its first record, which is as far as this read goes. */
async function untilFirstRecord(session: BenchSession): Promise<Delay> {
  const [program, ...args] = readCommand(session);
  const started = process.hrtime.bigint();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{"type":"RECORD"')) continue;
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      return { name: 'start to first record', target: 1, seconds, peakRss: 0 };
    }
    throw Failure.system('The source ended without a record.');
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/** What the last STATE line of an output says. */
export async function lastState(lines: string): Promise<unknown> {
  const file = await open(lines, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const line = buffer
      .toString('utf8')
      .split('\n')
      .findLast((text) => text.startsWith('{"type":"STATE"'));
    if (line === undefined) throw Failure.system('The full read ended without a state.');
    return (JSON.parse(line) as { readonly state: unknown }).state;
  } finally {
    await file.close();
  }
}
