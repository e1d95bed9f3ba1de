import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseConnections, type StackConnections } from '@ewallet/stack-connections';
import { programPath } from './programs';

const run = promisify(execFile);

export async function startStack(directory: string): Promise<StackConnections> {
  const { stdout } = await run(programPath('local-stack'), ['up', '--json', '--detach', '--dir', directory]);
  return parseConnections(stdout.split('\n').find((text) => text.startsWith('{')) ?? '');
}

export async function stopStack(directory: string): Promise<void> {
  await run(...stopCommand(directory));
}

export function stopCommand(directory: string): [string, string[]] {
  return [programPath('local-stack'), ['down', '--purge', '--dir', directory]];
}
