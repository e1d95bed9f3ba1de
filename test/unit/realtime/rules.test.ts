import { ConfigReader } from '@ewallet/failure';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseRules, type Rules } from '../../../realtime/src/config/rules';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-rules-'));
  await mkdir(path.join(directory, 'dbt', 'seeds'), { recursive: true });
  const names = [
    'velocity_count',
    'velocity_minutes',
    'structuring_threshold',
    'structuring_band',
    'structuring_count',
  ];
  const more = ['structuring_minutes', 'in_out_share', 'in_out_minutes', 'in_out_amount', 'pin_failures'];
  await writeFile(
    path.join(directory, 'dbt', 'dbt_project.yml'),
    [
      'vars:',
      `  reporting_currency: "{{ env_var('RULES_TEST_CURRENCY', 'SGD') }}"`,
      '  reporting_amount_scale: 10',
      '  risk_structuring_thresholds: { SGD: 20000 }',
      '  risk_in_out_amounts: { KES: 13000 }',
      ...[...names, ...more].map((name, index) => `  risk_${name}: ${index + 1}`),
    ].join('\n'),
  );
  await writeFile(
    path.join(directory, 'dbt', 'seeds', 'exchange_rates.csv'),
    'currency,valid_from,rate_to_usd\nUSD,2000-01-01,1\nSGD,2000-01-01,0.5\nSGD,2025-01-01,0.8\n',
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const rules = (value: Readonly<Record<string, unknown>>): Rules =>
  parseRules(new ConfigReader(value, 'rules'), directory);

test("thresholds are dbt's, amounts in the reporting currency are those of each currency at its newest rate", () => {
  expect(rules({ pin_minutes: 15, velocity_count: 4, in_out_amounts: { USD: '7.5' } })).toEqual({
    velocityCount: 4,
    velocityMinutes: 2,
    // 3 times 10 in Singapore dollars, and dbt's own for those.
    structuringThresholds: new Map([
      ['USD', 24],
      ['SGD', 20_000],
    ]),
    structuringBand: 4,
    structuringCount: 5,
    structuringMinutes: 6,
    inOutShare: 7,
    inOutMinutes: 8,
    inOutAmounts: new Map([
      ['USD', 7.5],
      ['SGD', 90],
      ['KES', 13_000],
    ]),
    pinFailures: 10,
    pinMinutes: 15,
    takeoverMinutes: 60,
    dormantDays: 90,
    cashOutShare: 0.5,
    failureMinutes: 5,
    failureCount: 20,
    failureShare: 0.5,
  });
});

test.each([
  [{}, 'The threshold `pin_minutes` of alerts is not known: give `rules.dbt_project`'],
  [{ pin_minutes: 0 }, '`rules.pin_minutes` must be a number above 0.'],
  [{ pin_minutes: 1, pin_count: 5 }, 'Unknown key `rules.pin_count`: did you mean `rules.pin_minutes`?'],
  [{ pin_minutes: 1, in_out_amounts: { USD: 'x' } }, '`rules.in_out_amounts` of "USD" must be an amount above 0.'],
  [{ dbt_project: 'none.yml' }, 'none.yml cannot be read as YAML.'],
])('%j is refused by name', (value, message) => {
  expect(() => rules(value)).toThrow(message);
});
