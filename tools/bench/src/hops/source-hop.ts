import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { readCommand, type BenchSession } from '../session/bench-session';
import { copyCommand, copyProgramName } from '../session/copy-program';
import type { Trial } from '../measure/trial';
import { mustEqual, totalsOfLines } from '../session/money';
import { runPipeline } from '../measure/pipeline';

/** PostgreSQL → Airbyte lines, beside COPY of the same table to nowhere. */
export async function sourceTrial(session: BenchSession): Promise<Trial[]> {
  const { totals, errors } = session;
  const file = path.join(session.directory, 'source-trial.jsonl');
  try {
    // cat stands for the reader at the other end of the pipe; what it got is checked afterwards.
    const hop = await runPipeline(
      [
        { command: readCommand(session), measured: true },
        { command: ['cat'], measured: false },
      ],
      { output: file, errors },
    );
    mustEqual(await totalsOfLines(file), totals, 'The output of source-ewallet');
    const { size } = await stat(file);
    const copy = copyCommand(session.sourceUrl, 'copy transactions to stdout');
    const limit = await runPipeline([{ command: copy, measured: true }], { errors });
    return [
      {
        hop: 'source',
        limitName: `${copyProgramName()} COPY to /dev/null`,
        target: 0.35,
        measured: {
          hop: { rows: totals.rows, bytes: size, ...hop },
          limit: { rows: totals.rows, bytes: 0, ...limit },
        },
      },
    ];
  } finally {
    await rm(file, { force: true });
  }
}
