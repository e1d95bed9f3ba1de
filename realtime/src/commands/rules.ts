import { Failure, nearestName } from '@ewallet/failure';
import { connect, failureFromPostgres } from '@ewallet/postgres';
import { liveRules, type LiveRule } from '../config/live-rules';
import type { RealtimeConfig } from '../config/realtime-config';
import { SIGNALS, type SignalName } from '../config/signal-names';
import { dryRun } from '../rules/dry-run';
import { readRuleHistory, readRules, setRule } from '../rules/rule-book';
import { nextVersion, ruleLine, type RuleChange } from '../rules/rule-version';

type LiveRules = Readonly<Record<SignalName, LiveRule>>;

/** Every signal's rule as it holds now, one line each. */
export async function listRules(config: RealtimeConfig): Promise<readonly string[]> {
  const rules = rulesOf(config);
  const set = new Map((await readRules(config)).map((version) => [version.signal, version]));
  return SIGNALS.map((signal) => ruleLine(signal, rules[signal], set.get(signal)));
}

/** Every version that was ever set, of one signal or of all. */
export async function ruleHistory(config: RealtimeConfig, signal: string | undefined): Promise<readonly string[]> {
  const rules = rulesOf(config);
  const wanted = signal === undefined ? undefined : signalNamed(signal);
  return (await readRuleHistory(config))
    .filter((version) => wanted === undefined || version.signal === wanted)
    .map((version) => ruleLine(version.signal, rules[version.signal], version));
}

/** @returns the rule as it holds now */
export async function changeRule(
  config: RealtimeConfig,
  signal: string,
  change: Omit<RuleChange, 'signal'>,
  now: number,
): Promise<string> {
  const rules = rulesOf(config);
  const name = signalNamed(signal);
  const { enabled, count, share, standard } = change;
  if (enabled === undefined && count === undefined && share === undefined && !standard) {
    throw Failure.config('Nothing would change: give --count, --share, --on, --off or --standard.');
  }
  const version = await setRule(config, { ...change, signal: name }, rules[name], now);
  return ruleLine(name, rules[name], version);
}

/**
 * What a rule would have raised over the e-wallet's own history, beside what the rule now raises over the same.
 *
 * @param since milliseconds since 1970
 */
export async function tryRule(
  config: RealtimeConfig,
  signal: string,
  tried: { readonly count: number | undefined; readonly share: number | undefined },
  since: number,
): Promise<readonly string[]> {
  const name = signalNamed(signal);
  const rule = rulesOf(config)[name];
  const { rules, wallet, namespace } = config;
  if (rules === undefined || wallet === undefined) {
    throw Failure.config(
      '"wallet" is missing: {"connection.url": "postgresql://user:password@host/db"} of the e-wallet, whose history is tried.',
    );
  }
  const now = (await readRules(config)).find((version) => version.signal === name);
  const change = { ...tried, signal: name, enabled: undefined, standard: false, by: 'try', why: 'try' };
  const client = await connect(wallet, { applicationName: 'ewallet-realtime rules try' });
  try {
    const lines: string[] = [];
    for (const [title, version] of [
      ['tried', nextVersion(now, change, rule, 0)],
      ['now', now],
    ] as const) {
      const count = version?.count ?? rule.count?.standard ?? 0;
      const share = version?.share ?? rule.share?.standard ?? 0;
      const run = dryRun(name, rules, { count, share }, namespace);
      if (run === undefined) throw Failure.config(`The signal ${name} has no threshold to try.`);
      const { rows } = await client.query<{ alerts: string; customers: string | null }>(run.sql, [
        ...run.parameters,
        new Date(since).toISOString(),
      ]);
      const thresholds = [
        ...(rule.count === undefined ? [] : [`count ${count}`]),
        ...(rule.share === undefined ? [] : [`share ${share}`]),
      ];
      const held = title === 'now' && version?.enabled === false ? 'off, else ' : '';
      lines.push(`${title}: ${held}${thresholds.join(', ')}: ${raised(rows[0])}`);
    }
    return lines;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw failureFromPostgres(error, { what: `Could not try ${name} in the e-wallet` });
  } finally {
    await client.end();
  }
}

function raised(found: { readonly alerts: string; readonly customers: string | null } | undefined): string {
  const of = (count: string, what: string): string => `${count} ${what}${count === '1' ? '' : 's'}`;
  const alerts = of(found?.alerts ?? '0', 'alert');
  return found === undefined || found.customers === null ? alerts : `${alerts} of ${of(found.customers, 'customer')}`;
}

function rulesOf(config: RealtimeConfig): LiveRules {
  if (config.rules === undefined) throw Failure.config('Rules are of alerts: `products` must have "alerts".');
  return liveRules(config.rules);
}

function signalNamed(name: string): SignalName {
  const found = SIGNALS.find((signal) => signal === name);
  if (found !== undefined) return found;
  throw Failure.config(`There is no signal ${JSON.stringify(name)}. Did you mean ${nearestName(name, SIGNALS)}?`);
}
