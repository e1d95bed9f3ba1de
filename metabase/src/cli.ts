import { commandLine } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { CommanderError, type Command } from 'commander';
import { apply, plan, type ApplyRequest } from './commands/apply';
import { exportContent } from './commands/export';
import {
  type Environment,
  credentialsOf,
  httpOf,
  openMetabase,
  wholeNumber,
  withMetabase,
  type MetabaseOptions,
} from './commands/metabase-options';
import { preview, servePreview } from './commands/preview';
import { saidReporting, withReporting, type ReportingOptions } from './commands/reporting-options';
import { setup } from './commands/setup';
import { validate } from './commands/validate';
import { requiredWarehouse, warehouseOf, withWarehouse, type WarehouseOptions } from './commands/warehouse-options';
import { builtInContracts } from './content/contracts';
import { builtInContent } from './content/read';
import { reportingOf } from './warehouse/reporting';

interface ContentOption {
  readonly content: string;
}
type ApplyOptions = MetabaseOptions &
  WarehouseOptions &
  ReportingOptions &
  ContentOption & { only: string[]; prune: boolean; force: boolean; dryRun: boolean };

/** Exit code of `plan` where there is something to do: not a failure, and not nothing. */
const THERE_ARE_CHANGES = 2;

/** Exit code of `export` where something could not be exported; the rest was. */
const SOMETHING_LEFT_OUT = 2;

/** What the commands are given of the process they run in. */
export interface Shell {
  readonly environment: Environment;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Ends what would never end by itself. */
  readonly stop: AbortSignal;
}

/**
 * Runs the command line.
 * @returns the exit code: 0 done, 1 failed (and said why), 2 a plan with changes, or an export that left something out.
 */
export async function run(args: readonly string[], shell: Shell): Promise<number> {
  let code = 0;
  const root = program(shell, (result) => {
    code = result;
  });
  try {
    await root.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const failure = asFailure(error);
    shell.complain(`ewallet-dashboards: ${failure.message}`);
    if (failure.detail !== undefined && !failure.message.includes(failure.detail)) shell.complain(failure.detail);
    return 1;
  }
}

/** The commands; what each does is in its own file under commands/. */
function program(shell: Shell, exitWith: (code: number) => void): Command {
  const { say } = shell;
  const request = async (options: ApplyOptions): Promise<ApplyRequest & { dryRun: boolean }> => ({
    ...options,
    // Where neither says it, an apply continues with what the last one showed.
    reporting: await reportingOf(saidReporting(options, shell.environment), warehouseOf(options, shell.environment)),
    metabase: await openMetabase(options, shell.environment, say),
    say,
  });
  const root = commandLine('ewallet-dashboards').description(
    'Metabase dashboards as JSON: validate, preview, plan, apply, export, set up',
  );
  root.exitOverride().configureOutput({
    writeOut: (text) => {
      say(text.trimEnd());
    },
    writeErr: (text) => {
      shell.complain(text.trimEnd());
    },
  });
  const content = (command: Command): Command => command.option('--content <folder>', 'the content', builtInContent);

  content(withReporting(withWarehouse(root.command('validate'))))
    .description(
      "Check the content: schema, references, dbt's contracts, and every question's SQL with and without each filter",
    )
    .option('--contracts <folder>', "dbt's property files of the marts", builtInContracts)
    .action(async (options: WarehouseOptions & ReportingOptions & ContentOption & { contracts: string }) => {
      const reporting = saidReporting(options, shell.environment);
      const warehouse = warehouseOf(options, shell.environment);
      const valid = await validate({ ...options, warehouse, reporting, now, say });
      if (!valid) exitWith(1);
    });

  content(withReporting(withWarehouse(root.command('preview'))))
    .description('Render every dashboard from the warehouse into one self-contained HTML page')
    .option('--out <folder>', 'where index.html goes', 'preview')
    .option('--title <text>', "the page's title", 'E-wallet analytics')
    .option('--variants <number>', 'combinations of filters that a card may have on the page', wholeNumber, 250)
    .option(
      '--budget <seconds>',
      'what reading the warehouse may take; rarer combinations of filters are left out',
      wholeNumber,
      30,
    )
    .option('--serve', 'serve the page on this machine, and read the warehouse again every so often', false)
    .option('--port-serve <port>', 'the port to serve on; 0: any free one', wholeNumber, 0)
    .option('--every <seconds>', 'how often the warehouse is read again with --serve', wholeNumber, 30)
    .action(async (options: PreviewOptions) => {
      const warehouse = requiredWarehouse(options, shell.environment);
      const asked = { ...options, warehouse, reporting: saidReporting(options, shell.environment), now, say };
      if (!options.serve) await preview(asked);
      else await servePreview({ ...asked, port: options.portServe, every: options.every * 1000, stop: shell.stop });
    });

  const applying = (command: Command): Command =>
    content(withReporting(withWarehouse(withMetabase(command))))
      .option('--only <dashboard...>', 'only these dashboards, with their questions and collections', [])
      .option('--prune', 'move to the Trash what an earlier apply made and no file has any more', false)
      .option('--force', 'overwrite what was edited in Metabase', false);

  applying(root.command('plan'))
    .description('Say what an apply would do; exit 0: nothing, 2: changes')
    .action(async (options: ApplyOptions) => {
      if (await plan(await request(options))) exitWith(THERE_ARE_CHANGES);
    });

  applying(root.command('apply'))
    .description('Make Metabase show what the files say')
    .option('--dry-run', 'as plan', false)
    .action(async (options: ApplyOptions) => {
      if (!options.dryRun) await apply(await request(options));
      else if (await plan(await request(options))) exitWith(THERE_ARE_CHANGES);
    });

  content(withReporting(withWarehouse(withMetabase(root.command('export')))))
    .description('Write what Metabase shows into the files; exit 0: all of it, 2: all but what it names')
    .option('--only <dashboard...>', 'only these dashboards and their questions', [])
    .option('--dry-run', 'say which files would change', false)
    .action(async (options: ApplyOptions) => {
      if (!(await exportContent(await request(options)))) exitWith(SOMETHING_LEFT_OUT);
    });

  content(withWarehouse(withMetabase(root.command('setup'))))
    .description(
      'Take a fresh Metabase to where apply works: administrator, API key, warehouse, synced and described columns',
    )
    .option('--site-name <name>', 'the name of the Metabase', 'E-wallet analytics')
    .option('--api-key-file <file>', 'make an API key and write it here (mode 0600)')
    .option('--manifest <file>', "dbt's target/manifest.json, for keys, types and descriptions of columns")
    .option('--sync-timeout <seconds>', 'how long to wait for Metabase and for its sync', wholeNumber, 300)
    .action(async (options: SetupOptions) => {
      const user = options.metabaseUser ?? shell.environment.METABASE_USER;
      const password = options.metabasePassword ?? shell.environment.METABASE_PASSWORD;
      const key = options.apiKey ?? shell.environment.METABASE_API_KEY;
      await setup({
        http: httpOf(options, shell.environment),
        siteName: options.siteName,
        admin: user === undefined || password === undefined ? undefined : { email: user, password },
        existing: key === undefined || key === '' ? undefined : credentialsOf(options, shell.environment),
        databaseName: options.databaseName,
        warehouse: warehouseOf(options, shell.environment),
        apiKeyFile: options.apiKeyFile,
        content: options.content,
        manifest: options.manifest,
        syncTimeout: options.syncTimeout * 1000,
        pollEvery: 1000,
        say,
      });
    });
  return root;
}

type PreviewOptions = WarehouseOptions &
  ReportingOptions &
  ContentOption & {
    out: string;
    title: string;
    variants: number;
    budget: number;
    serve: boolean;
    portServe: number;
    every: number;
  };
type SetupOptions = WarehouseOptions &
  MetabaseOptions &
  ContentOption & { siteName: string; apiKeyFile?: string; manifest?: string; syncTimeout: number };

function now(): Date {
  return new Date();
}
