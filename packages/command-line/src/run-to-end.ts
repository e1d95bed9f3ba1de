import type { Command } from 'commander';
import { asFailure } from '@ewallet/failure';
import type { LogOutput } from './log-output';

/** How a program ends on an error. */
export interface Ends {
  /** What a person reads of it; undefined where commander has said it already. */
  readonly messageOf: (error: unknown) => string | undefined;
  readonly exitCodeOf: (error: unknown) => number;
}

/** Runs the command that was asked for: what stops it is the last line on standard error, and decides the exit code. */
export async function runToEnd(program: Command, err: LogOutput, { messageOf, exitCodeOf }: Ends): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const message = messageOf(error);
    if (message !== undefined) err.fail(message, asFailure(error).kind);
    process.exitCode = exitCodeOf(error);
  }
}
