import { Failure, nearestName } from '@ewallet/failure';
import { liveRules, type LiveRule } from '../config/live-rules';
import type { RealtimeConfig } from '../config/realtime-config';
import { SIGNALS, type SignalName } from '../config/signal-names';
import { readRuleHistory, readRules, setRule } from '../rules/rule-book';
import { ruleLine, type RuleChange } from '../rules/rule-version';

type LiveRules = Readonly<Record<SignalName, LiveRule>>;

/** Every signal's rule as it holds now, a line each. */
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

function rulesOf(config: RealtimeConfig): LiveRules {
  if (config.rules === undefined) throw Failure.config('Rules are of alerts: "products" must have "alerts".');
  return liveRules(config.rules);
}

function signalNamed(name: string): SignalName {
  const found = SIGNALS.find((signal) => signal === name);
  if (found !== undefined) return found;
  throw Failure.config(`There is no signal ${JSON.stringify(name)}. Did you mean ${nearestName(name, SIGNALS)}?`);
}
