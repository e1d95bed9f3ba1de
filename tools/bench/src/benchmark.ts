import { guardPath, guardWithCommand } from '@ewallet/child-services';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { auditTrial } from './hops/audit-hop';
import { airbyteLines, prepare, withSettings, type BenchSession } from './session/bench-session';
import { captureTrial } from './hops/capture-hop';
import { dbtTrial } from './hops/dbt-hop';
import { summariseDelays, type Delay, type DelaySummary } from './measure/delay';
import { destinationTrial, produce } from './hops/destination-hop';
import { flowTrial } from './hops/flow-hop';
import { followTrial } from './hops/follow-hop';
import { incrementTrial } from './hops/increment-hop';
import { incrementalTrial } from './hops/incremental-hop';
import { deleteTopic } from './session/kafka-totals';
import { summarise, type HopResult, type HopSummary } from './measure/measurement';
import { summariseLatencies, type Latency, type LatencySummary } from './measure/latency';
import type { Overrides } from './session/overrides';
import { realtimeTrial } from './hops/realtime-hop';
import { scaleTrial } from './hops/scale-hop';
import { variants, type Variant } from './session/settings';
import { sinkTrial } from './hops/sink-hop';
import { sourceTrial } from './hops/source-hop';
import { startStack, stopCommand, stopStack } from './session/stack';
import type { Trial } from './measure/trial';

export const HOPS = [
  'source',
  'destination',
  'sink',
  'scale',
  'flow',
  'increment',
  'incremental',
  'dbt',
  'audit',
  'follow',
  'capture',
  'realtime',
] as const;
export type Hop = (typeof HOPS)[number];

/** Hops that work on the Airbyte lines of the source, which are made once, or warm Kafka up with them. */
const NEEDS_LINES: ReadonlySet<Hop> = new Set(['destination', 'sink', 'scale', 'flow', 'incremental']);
const NEEDS_KAFKA: ReadonlySet<Hop> = new Set(['destination', 'sink', 'scale', 'flow']);
/**
 * A run shorter than this measures Kafka's virtual machine compiling itself: 15 CPU seconds a million records in the first
 * 200,000, a fifth of that later on.
 */
const WARM_AFTER = 1_000_000;
const WARM_UPS = 10;

/** What to run. */
export interface Plan {
  readonly rows: number;
  readonly runs: number;
  readonly only: readonly Hop[];
  /** Whether each hop runs once for every value of its settings, too. */
  readonly settings: boolean;
  readonly with: Overrides;
  /** Changes a second while they are followed, and for how many seconds. */
  readonly rate: number;
  readonly seconds: number;
}

/** What a benchmark found: hops beside their limits, and what is told in seconds. */
export interface Figures {
  readonly hops: readonly HopSummary[];
  readonly delays: readonly DelaySummary[];
  readonly latencies: readonly LatencySummary[];
}

/**
 * Starts the services, prepares the data once and runs each hop in turns with its limit.
 *
 * @throws Failure where a program fails, or rows or money sums are not those of the e-wallet database
 */
export async function benchmark(plan: Plan, say: (text: string) => void): Promise<Figures> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-bench-'));
  const stackDirectory = await mkdtemp(path.join(tmpdir(), 'ewallet-bench-stack-'));
  const guards = [guardWithCommand(...stopCommand(stackDirectory)), guardPath(stackDirectory), guardPath(directory)];
  let whole = false;
  try {
    say('starting the services');
    const session = await prepare(directory, await startStack(stackDirectory), plan, say);
    const figures = await trials(session, plan);
    whole = true;
    return figures;
  } finally {
    await stopStack(stackDirectory);
    if (whole) await rm(directory, { recursive: true, force: true });
    else say(`what the programs said is in ${directory}`);
    for (const release of guards) release();
  }
}

async function trials(session: BenchSession, plan: Plan): Promise<Figures> {
  const { only, runs, settings, with: overrides } = plan;
  const results = new Map<string, HopResult>();
  const delays: Delay[] = [];
  const latencies: Latency[] = [];
  const lines = only.some((hop) => NEEDS_LINES.has(hop)) ? await airbyteLines(session) : '';
  if (only.some((hop) => NEEDS_KAFKA.has(hop))) await warmUp(session, lines);
  const asTheyAre = only.map((hop): Variant<Hop> => ({ hop, label: '', with: overrides }));
  const turned = settings ? variants(new Set(only), overrides) : asTheyAre;
  let number = 0;
  for (let run = 1; run <= runs; run++) {
    for (const { hop, label, with: chosen } of turned) {
      const outcome = await trialOf(hop, { session: await withSettings(session, chosen), lines, run: ++number, plan });
      for (const trial of outcome.trials) {
        const name = [trial.hop, ...(label === '' ? [] : [label])].join(', ');
        session.say(`${name}, run ${run}: ${shortly(trial)}`);
        const before = results.get(name);
        results.set(name, {
          hop: name,
          limit: trial.limitName,
          target: trial.target,
          trials: [...(before?.trials ?? []), trial.measured],
        });
      }
      for (const delay of outcome.delays) session.say(`${delay.name}, run ${run}: ${delay.seconds.toFixed(2)} s`);
      delays.push(...outcome.delays);
      latencies.push(...(outcome.latencies ?? []));
    }
  }
  return {
    hops: [...results.values()].map(summarise),
    delays: summariseDelays(delays),
    latencies: summariseLatencies(latencies),
  };
}

/** Lets Kafka take records, untimed, until what it runs often is compiled; a long run does that by itself. */
async function warmUp(session: BenchSession, lines: string): Promise<void> {
  if (session.totals.rows >= WARM_AFTER) return;
  session.say('warming Kafka up');
  for (let round = 0; round < WARM_UPS && round * session.totals.rows < WARM_AFTER; round++)
    await produce(session, lines, 'warm');
  await deleteTopic(session.stack, 'warm.transactions');
}

interface Outcome {
  readonly trials: readonly Trial[];
  readonly delays: readonly Delay[];
  readonly latencies?: readonly Latency[];
}

interface TrialInput {
  readonly session: BenchSession;
  readonly lines: string;
  readonly run: number;
  readonly plan: Plan;
}

async function trialOf(hop: Hop, { session, lines, run, plan }: TrialInput): Promise<Outcome> {
  switch (hop) {
    case 'source':
      return { trials: await sourceTrial(session), delays: [] };
    case 'destination':
      return { trials: await destinationTrial(session, lines, run), delays: [] };
    case 'sink':
      return { trials: await sinkTrial(session, lines, run), delays: [] };
    case 'scale':
      return { trials: await scaleTrial(session, lines, run), delays: [] };
    case 'flow':
      return { trials: await flowTrial(session, run), delays: [] };
    case 'increment':
      return { trials: await incrementTrial(session, run), delays: [] };
    case 'incremental':
      return { trials: [], delays: await incrementalTrial(session, lines) };
    case 'dbt':
      return dbtTrial(session);
    case 'audit':
      return { trials: await auditTrial(session), delays: [] };
    case 'follow':
      return { trials: [], delays: [], latencies: await followTrial(session, plan, run) };
    case 'capture':
      return { trials: await captureTrial(session, run), delays: [] };
    case 'realtime':
      return { trials: [], ...(await realtimeTrial(session, plan.seconds, run)) };
    default:
      throw new TypeError(`unknown hop ${String(hop satisfies never)}`);
  }
}

function shortly({ measured: { hop, limit } }: Trial): string {
  const rate = Math.round(hop.rows / hop.seconds);
  const most = Math.round(limit.rows / limit.seconds);
  return `${rate.toLocaleString('en')} of ${most.toLocaleString('en')} rows/s, ${(rate / most).toFixed(2)}`;
}
