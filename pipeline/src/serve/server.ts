import { serveMetrics, type Listening } from '@ewallet/command-line';
import { worst, type Line } from '../verdict/verdict';
import { metricsOf } from './metrics';

/** Scrapes of several Prometheus servers, and probes, share a look that is no older than this. */
const KEPT_MS = 1_000;

interface Look {
  readonly lines: readonly Line[];
  readonly seconds: number;
}

/**
 * Serves the status to machines; it is not ready, with the findings, while a hop is down. Every hop is asked when somebody asks,
 * so that what is shown is so.
 *
 * @param now milliseconds of a clock that only counts on
 * @throws Failure where the address cannot be listened on
 */
export async function serveStatus(
  look: () => Promise<readonly Line[]>,
  now: () => number,
  host: string,
  port: number,
): Promise<Listening> {
  const latest = shared(look, now);
  return serveMetrics(
    {
      metrics: async () => {
        const { lines, seconds } = await latest();
        return metricsOf(lines, seconds);
      },
      ready: async () => {
        const { lines } = await latest();
        const verdict = worst(lines.map((line) => line.verdict));
        const findings = lines.flatMap(({ hop, subject, findings }) =>
          findings.map(({ code, says, next }) => ({ hop, subject, code, says, next })),
        );
        return { ok: verdict !== 'down', body: { verdict, findings } };
      },
    },
    host,
    port,
  );
}

function shared(look: () => Promise<readonly Line[]>, now: () => number): () => Promise<Look> {
  let taken: { readonly at: number; readonly look: Promise<Look> } | undefined;
  return () => {
    const at = now();
    if (taken === undefined || at - taken.at > KEPT_MS) {
      taken = { at, look: look().then((lines) => ({ lines, seconds: (now() - at) / 1_000 })) };
    }
    return taken.look;
  };
}
