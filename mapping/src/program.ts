import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commandLine, type Ends } from '@ewallet/command-line';
import { asFailure, count, Failure, unreadable } from '@ewallet/failure';
import type { Command } from 'commander';
import { check, isRight, verdictText } from './check/check';
import { databaseOf, type DatabaseFlags } from './config/database-access';
import { Database } from './database/database';
import { explain } from './explain/explain';
import type { Mapping } from './file/mapping';
import { parseMapping, readMappingDocument } from './file/read-mapping';
import { mergeMapping, textOf } from './file/write-mapping';
import { propose } from './propose/propose';
import { render } from './render/render';
import { writeRendered } from './render/write-rendered';

/** What a shell or CI sees. */
const EXIT = { done: 0, open: 1, config: 2, failed: 3 } as const;

interface Output {
  write(text: string): unknown;
}

interface CheckFlags extends DatabaseFlags {
  readonly mapping: string;
}

interface RenderFlags {
  readonly mapping: string;
  readonly out: string;
}

interface ProposeFlags extends DatabaseFlags {
  readonly schema: string;
  readonly out: string;
}

/** The command line of `ewallet-mapping`: reports on `out`, progress and faults on `err`. */
export function program(out: Output, err: Output): Command {
  const command = commandLine('ewallet-mapping').description(
    'Finds out how a wallet’s tables are to be read, asks what they do not tell, checks it, and gives dbt its variables and seeds',
  );
  // A wrong option is a wrong configuration: exit 2, where commander itself would say 1, a verdict.
  command.exitOverride();
  withDatabase(command.command('propose'))
    .description(
      'look at the tables and write a mapping, or merge into one; exit 0 where nothing is open, 1 where questions are',
    )
    .option('--schema <name>', 'schema that has the tables', 'raw')
    .option('--out <file>', 'the mapping; what you changed in it is never touched', 'mapping.yml')
    .action(async (flags: ProposeFlags) => {
      const config = await databaseOf(flags, process.env);
      const existing = existsSync(flags.out) ? await readMappingDocument(flags.out) : undefined;
      // Before the work: a file that cannot be read must not be merged into.
      if (existing !== undefined) parseMapping(existing, flags.out);
      const database = await Database.open(config, flags.schema);
      try {
        const draft = await propose(database, flags.schema, (progress) => err.write(`${progress}\n`));
        const merged = mergeMapping(existing, draft);
        const mapping = parseMapping(merged.document, flags.out);
        await writeFile(flags.out, textOf(merged.document));
        const open = mapping.questions.filter((question) => !question.answered);
        out.write(
          [
            `${flags.out}: ${merged.added} lines added, ${merged.updated} changed, ${merged.kept.length} of yours kept though the tables say otherwise`,
            ...merged.kept.map((name) => `  kept ${name}`),
            `${count(open.length, 'question is', 'questions are')} open:`,
            ...open.map((question) => `  ${question.id}: ${question.question}`),
            'Answer them in the file, give control totals, then: ewallet-mapping check',
            '',
          ].join('\n'),
        );
        process.exitCode = open.length === 0 ? EXIT.done : EXIT.open;
      } finally {
        await database.close();
      }
    });
  withDatabase(command.command('check'))
    .description(
      'every gap and contradiction of a mapping at once; exit 0 where there is none and no question is open, else 1',
    )
    .option('--mapping <file>', 'the mapping', 'mapping.yml')
    .action(async (flags: CheckFlags) => {
      const mapping = parseMapping(await readMappingDocument(flags.mapping), flags.mapping);
      const database = await Database.open(await databaseOf(flags, process.env), mapping.schema);
      try {
        const verdict = await check(database, mapping);
        out.write(verdictText(verdict));
        process.exitCode = isRight(verdict) ? EXIT.done : EXIT.open;
      } finally {
        await database.close();
      }
    });
  command
    .command('render')
    .description('what dbt takes for the mapping: vars.yml and seeds, in a folder of their own')
    .option('--mapping <file>', 'the mapping', 'mapping.yml')
    .option('--out <folder>', 'a new folder, or one that render wrote; nothing of yours is written over', 'wallet')
    .action(async (flags: RenderFlags) => {
      const mapping = parseMapping(await readMappingDocument(flags.mapping), flags.mapping);
      await writeRendered(flags.out, render(mapping, await ratesOf(mapping, flags.mapping)));
      const folder = path.resolve(flags.out);
      out.write(
        `${flags.out} is written. Build with: EWALLET_DBT_MAPPING=${folder} npm run dbt -- build --exclude test_type:unit\n`,
      );
    });
  withDatabase(command.command('explain'))
    .description('one transaction from the wallet to the marts')
    .argument('<transaction>', 'its key in the wallet')
    .option('--mapping <file>', 'the mapping', 'mapping.yml')
    .action(async (transaction: string, flags: CheckFlags) => {
      const mapping = parseMapping(await readMappingDocument(flags.mapping), flags.mapping);
      const database = await Database.open(await databaseOf(flags, process.env), mapping.schema);
      try {
        out.write(await explain(database, mapping, transaction));
      } finally {
        await database.close();
      }
    });
  return command;
}

/** The person's own dated rates, where the mapping names a file of them. */
async function ratesOf(mapping: Mapping, file: string): Promise<string | undefined> {
  if (mapping.exchangeRatesFile === undefined) return undefined;
  const named = path.resolve(path.dirname(file), mapping.exchangeRatesFile);
  return readFile(named, 'utf8').catch((error: unknown) => {
    throw Failure.config(`wallet.exchange_rates_file: ${named} cannot be read: ${unreadable(error)}.`, {
      cause: error,
    });
  });
}

function withDatabase(command: Command): Command {
  return command
    .option('--url-env <name>', 'environment variable that holds the database’s URL')
    .option('--config <file>', 'JSON with connection.url, as the sink’s');
}

/** The server's own words tell what is wrong with an expression of a person's. */
export const ENDS: Ends = {
  exit: EXIT,
  own: (error) => {
    const { message, detail } = asFailure(error);
    return detail === undefined || message.includes(detail) ? {} : { message: `${message} (${detail})` };
  },
};
