import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { FINDING_CODES } from '../../../pipeline/src/verdict/verdict';
import { PROJECT_ROOT, runProgram } from '../../support/command';
import { prometheusIsAvailable } from '../../support/prometheus/promtool';
import { anchors, read } from '../docs/markdown';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

jest.setTimeout(60_000); // promtool on a busy machine

const directory = path.join(PROJECT_ROOT, 'deploy/observability');
const load = (file: string): unknown => parse(readFileSync(path.join(directory, file), 'utf8'));
const { groups } = load('alerts.yaml') as { readonly groups: readonly { name: string; rules: readonly Rule[] }[] };
const rules = groups.flatMap(({ name, rules }) => rules.map((rule) => ({ ...rule, group: name })));
const withPromtool = prometheusIsAvailable() ? test : test.skip;

/** `kafka-down` is `KafkaDown`. */
const alertOf = (code: string): string => code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const codeOf = (rule: Rule): string => rule.annotations.runbook_url.split('#')[1] ?? '';

test('each finding of the status has one alert of its name', () => {
  const ofFindings = rules.filter(({ group }) => group !== 'Processes');
  expect(ofFindings.map(codeOf)).toEqual([...FINDING_CODES]);
  for (const rule of ofFindings) {
    expect(rule.expr).toContain(`ewallet_pipeline_finding{code="${codeOf(rule)}",verdict!="unknown"}`);
  }
  for (const rule of rules) expect(rule.alert).toBe(alertOf(codeOf(rule)));
});

test('each alert has a severity and a runbook that exists', () => {
  const known = anchors(read('docs/troubleshooting.md'));
  for (const { alert, labels, annotations } of rules) {
    expect(['critical', 'warning']).toContain(labels.severity);
    const [page, anchor = ''] = annotations.runbook_url.split('#');
    expect({ alert, page, isKnown: known.has(anchor) }).toEqual({
      alert,
      page: 'docs/troubleshooting.md',
      isKnown: true,
    });
  }
});

test('what a rule is silent for has an alert of its own', () => {
  const silencing = rules.flatMap(({ expr }) => (/code=~"([^"]+)"/.exec(expr)?.[1] ?? '').split('|').filter(Boolean));
  expect(silencing.filter((code) => !(FINDING_CODES as readonly string[]).includes(code))).toEqual([]);
});

test('each alert is made to fire by a unit test', () => {
  const { tests } = load('alerts.test.yaml') as {
    readonly tests: readonly {
      readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
    }[];
  };
  const fired = tests.flatMap((one) => one.alert_rule_test).filter((one) => one.exp_alerts.length > 0);
  expect(new Set(fired.map(({ alertname }) => alertname))).toEqual(new Set(rules.map(({ alert }) => alert)));
});

withPromtool('promtool test rules: alerts fire in time, and not for what follows from another trouble', async () => {
  const { code, stdout, stderr } = await runProgram('promtool', ['test', 'rules', 'alerts.test.yaml'], {
    cwd: directory,
  });
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
});

withPromtool('promtool check config: what is scraped and the rules are read by Prometheus', async () => {
  const { code, stdout, stderr } = await runProgram('promtool', ['check', 'config', 'prometheus.yaml'], {
    cwd: directory,
  });
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
});
