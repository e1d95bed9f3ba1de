import { eventually } from '../eventually';
import { runAudit, type AuditPlace, type AuditRun } from './audit-run';

/** Every table of the e-wallet that `ewallet-simulator` makes. */
export const SIMULATED_STREAMS = [
  'public.currencies',
  'public.merchants',
  'public.transactions',
  'public.user_activity',
  'public.users',
  'public.wallets',
];

/**
 * The suites' oracle for "the warehouse is the e-wallet": `ewallet-audit` in its strict mode, with nothing missing, extra,
 * different or in flight in these streams and in no others. What is on its way is waited for.
 *
 * @param streams with their schema: `public.users`
 */
export async function expectEqualRows(
  place: AuditPlace,
  streams: readonly string[],
  patience: { readonly timeoutMs?: number } = {},
): Promise<AuditRun> {
  return eventually(
    async () => {
      const run = await runAudit(place, [], { streams });
      expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr, streams: run.streams }).toEqual({
        code: 0,
        stderr: '',
        streams: [...streams].sort().map((stream) => ({
          stream,
          rows: expect.any(Number) as number,
          missing: [],
          extra: [],
          different: [],
          in_flight: 0,
        })),
      });
      return run;
    },
    { timeoutMs: 120_000, everyMs: 250, ...patience },
  );
}
