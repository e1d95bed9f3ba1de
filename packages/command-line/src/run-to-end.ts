import { CommanderError, type Command } from 'commander';
import { asFailure } from '@ewallet/failure';
import type { LogOutput } from './log-output';

/** How a program ends on an error. */
export interface Ends {
  /** The exit codes of failures: one that the user can mend, and any other. A verdict has codes of its own. */
  readonly exit: { readonly config: number; readonly failed: number };
  /** What is the program's own of an error; what it leaves out is as of every program. */
  readonly own?: (error: unknown) => { readonly message?: string; readonly exitCode?: number };
}

/** Runs the command that was asked for: what stops it is the last line on standard error, and decides the exit code. */
export async function runToEnd(program: Command, err: LogOutput, { exit, own }: Ends): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const { message, exitCode } = own?.(error) ?? {};
    const failure = asFailure(error);
    // Commander has said it already.
    if (!(error instanceof CommanderError)) err.fail(message ?? failure.message, failure.kind);
    process.exitCode = exitCode ?? exitCodeOf(error, exit);
  }
}

function exitCodeOf(error: unknown, { config, failed }: Ends['exit']): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : config;
  return asFailure(error).kind === 'config_error' ? config : failed;
}
