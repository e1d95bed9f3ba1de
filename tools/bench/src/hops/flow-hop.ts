import { ACROSS, createAcross, dropAcross } from '../session/across-table';
import { readCommand, totalsOfTable, withClient, type BenchSession } from '../session/bench-session';
import { copyCommand, copyProgramName } from '../session/copy-program';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { runPipeline } from '../measure/pipeline';
import { perMillion, watchServers } from '../measure/server-usage';
import { forgetLanded, LANDED, startSink, stopSink, syncUntilLanded } from './sink-hop';
import type { Trial } from '../measure/trial';

/** source | destination → Kafka → sink, all at once, from the start of the sync to the last row in the warehouse. */
export async function flowTrial(session: BenchSession, number: number): Promise<Trial[]> {
  const { totals, warehouseUrl } = session;
  const name = `flow${number}`;
  await forgetLanded(session);
  const sink = await startSink(session, name);
  const servers = watchServers(session.stack, ['e-wallet', 'Kafka', 'warehouse']);
  let hop: Measurement;
  try {
    const usage = await syncUntilLanded(session, sink, { read: readCommand(session), name, records: totals.rows });
    const shares = [
      `programs ${perMillion(usage.cpuSeconds, totals.rows)}`,
      ...servers.map((server) => `${server.name} ${perMillion(server.seconds(), totals.rows)}`),
    ];
    session.say(`CPU s a million rows of the flow: ${shares.join(', ')}`);
    hop = { rows: totals.rows, bytes: await textBytes(session), ...usage };
  } finally {
    await stopSink(sink);
  }
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after the flow`);
  const limit = await copyAcross(session);
  await deleteTopic(session.stack, `${name}.transactions`);
  return [
    {
      hop: 'whole flow',
      limitName: `${copyProgramName()} COPY | COPY`,
      target: 0.12,
      measured: { hop, limit },
    },
  ];
}

/** Bytes of the rows as PostgreSQL writes them in text. */
async function textBytes({ sourceUrl }: BenchSession): Promise<number> {
  return withClient(sourceUrl, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      'select sum(octet_length(one::text))::text as bytes from transactions as one',
    );
    return Number(rows[0]?.bytes);
  });
}

/** The shortest way between the two databases, into a table with the columns and the primary key of the source's. */
async function copyAcross(session: BenchSession): Promise<Measurement> {
  const { sourceUrl, warehouseUrl, totals, errors } = session;
  await withClient(warehouseUrl, createAcross);
  try {
    const usage = await runPipeline(
      [
        { command: copyCommand(sourceUrl, 'copy transactions to stdout'), measured: true },
        { command: copyCommand(warehouseUrl, `copy ${ACROSS} from stdin`), measured: true },
      ],
      { errors },
    );
    mustEqual(await totalsOfTable(warehouseUrl, ACROSS), totals, `Table ${ACROSS}`);
    return { rows: totals.rows, bytes: 0, ...usage };
  } finally {
    await withClient(warehouseUrl, dropAcross);
  }
}
