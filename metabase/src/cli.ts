import { Command } from 'commander';
import { preview } from './commands/preview';
import { requiredWarehouse, withWarehouse, type WarehouseOptions } from './commands/warehouse-options';
import { builtInContent } from './content/read';

/** The command line; what each command does is in its own file under commands/. */
export function program(): Command {
  const root = new Command('ewallet-dashboards').description(
    'Metabase dashboards as JSON: validate, preview, plan, apply, export, set up',
  );
  withWarehouse(root.command('preview'))
    .description('Render every dashboard from the warehouse into one self-contained HTML page')
    .option('--content <folder>', 'the content to show', builtInContent)
    .option('--out <folder>', 'where index.html goes', 'preview')
    .option('--title <text>', "the page's title", 'E-wallet analytics')
    .option('--variants <number>', 'combinations of filters that a card may have on the page', wholeNumber, 120)
    .action(async (options: WarehouseOptions & { content: string; out: string; title: string; variants: number }) => {
      await preview({
        ...options,
        warehouse: requiredWarehouse(options, process.env),
        now: () => new Date(),
        say,
      });
    });
  return root;
}

function wholeNumber(text: string): number {
  const parsed = Number(text);
  if (!Number.isInteger(parsed) || parsed < 1) throw new TypeError(`${text} is no whole number above 0`);
  return parsed;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
