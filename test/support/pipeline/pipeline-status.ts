import { runCommand } from '../command';

export interface ShownLine {
  readonly hop: string;
  readonly subject: string;
  readonly verdict: string;
  readonly findings: readonly { readonly code: string; readonly says: string; readonly next: string }[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What `ewallet-pipeline status` says, with time enough on a busy machine: only what is away may have no answer. */
export async function pipelineStatus(
  config: string,
  ...more: readonly string[]
): Promise<{ readonly code: number | null; readonly lines: readonly ShownLine[] }> {
  const { code, stdout, stderr } = await runCommand(
    'ewallet-pipeline',
    ['status', '--json', '--timeout', '8', '--config', config, ...more],
    { timeoutMs: 60_000 },
  );
  expect(stderr).toBe('');
  return { code, lines: (JSON.parse(stdout) as { lines: readonly ShownLine[] }).lines };
}

/** The names of what it found, in the order of the hops. */
export async function pipelineFindings(config: string): Promise<readonly string[]> {
  const { lines } = await pipelineStatus(config);
  return lines.flatMap(({ findings }) => findings.map(({ code }) => code));
}
