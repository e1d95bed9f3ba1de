import { Failure } from '@ewallet/failure';
import type { Children } from './children';
import { command } from './project';

/** What the audit printed: a line per stream, then its verdict. */
export interface AuditResult {
  readonly lines: readonly string[];
  readonly verdict: string;
}

/**
 * Compares every row of these streams in the e-wallet with the warehouse. Each has to be there, as it is named.
 *
 * @throws Failure with what differs, key by key, where anything does
 */
export async function auditEveryRow(
  children: Children,
  configuration: string,
  streams: readonly string[],
  logFile: string,
): Promise<AuditResult> {
  const lines: string[] = [];
  const args = ['run', '--config', configuration, ...streams.flatMap((stream) => ['--stream', stream])];
  try {
    await children.run('ewallet-audit', command('ewallet-audit'), args, {
      logFile,
      onLine: (line) => lines.push(line),
    });
  } catch (error) {
    // Its report is the better message; without one it broke down, and what it logged says why.
    if (lines.length === 0) throw error;
    throw Failure.system(`the warehouse is not the e-wallet:\n${lines.join('\n')}`, { cause: error });
  }
  return { lines: lines.slice(0, -1), verdict: lines.at(-1) ?? '' };
}
