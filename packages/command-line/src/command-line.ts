import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';

/** Commander's own, without a type: it ends with the message and the nearest known option. */
interface Refusing {
  unknownOption(flag: string): never;
}

/**
 * A command that refuses an unknown option before it misses a required one. Commander looks the other way round, so
 * `--confg sync.json` was answered with "required option '--config <file>' not specified" and no word of the slip.
 */
class ProductCommand extends Command {
  override createCommand(name?: string): Command {
    return new ProductCommand(name);
  }

  override parseOptions(args: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(args);
    const [flag] = parsed.unknown;
    const asksForHelp = parsed.unknown.some((each) => each === '--help' || each === '-h');
    // Options of a subcommand are unknown to the commands above it.
    if (flag !== undefined && this.commands.length === 0 && !asksForHelp) {
      (this as unknown as Refusing).unknownOption(flag);
    }
    return parsed;
  }
}

/** The command line of one of the product's programs, with `--version`: all of them are released under one. */
export function commandLine(name: string): Command {
  return new ProductCommand(name).version(version(), '--version', 'print the version');
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(__dirname, '../package.json'), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
