import { compareWithRiskSignals, type RiskSignal } from '../../../realtime/src/verify/risk-signals';

const rules = { velocityCount: 3, structuringCount: 3, pinFailures: 5 };
const signal = (more: Partial<RiskSignal> = {}): RiskSignal => ({
  ...{ signal: 'velocity', customer: '7', currency: 'USD', window_start: '100', window_end: '200', events: '4' },
  ...more,
});
const alert = (end: number, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...{ alert_id: `velocity-${end}`, signal: 'velocity', customer_id: 7, currency: 'USD', transactions: 3 },
  ...{ window_start: end - 60, window_end: end },
  ...more,
});

test('a burst of four events above a threshold of three is two alerts that end in it, the last at its end', () => {
  expect(compareWithRiskSignals([signal()], [alert(150), alert(200)], rules)).toEqual([]);
});

test('an alert that dbt cannot have is left alone', () => {
  expect(compareWithRiskSignals([], [alert(1, { signal: 'account_takeover' })], rules)).toEqual([]);
});

const key = 'signal=velocity customer_id=7';
test.each([
  ['none', [], [{ kind: 'missing', key: `${key} window_start=100`, columns: [] }]],
  ['too few', [alert(200)], [{ kind: 'different', key: `${key} window_start=100`, columns: ['alerts'] }]],
  [
    'another end',
    [alert(150), alert(190)],
    [{ kind: 'different', key: `${key} window_start=100`, columns: ['window_end'] }],
  ],
  [
    'one outside',
    [alert(150), alert(200), alert(201)],
    [{ kind: 'extra', key: `${key} alert_id=velocity-201`, columns: [] }],
  ],
])('%s is named', (_, alerts, differences) => {
  expect(compareWithRiskSignals([signal()], alerts, rules)).toEqual(differences);
});

test('bursts of structuring are told apart by currency', () => {
  const differences = compareWithRiskSignals(
    [signal({ signal: 'structuring', events: '3' })],
    [alert(200, { signal: 'structuring', currency: 'PHP' })],
    rules,
  );
  expect(differences.map(({ kind }) => kind)).toEqual(['missing', 'extra']);
});

test('two sums that came in at the same moment have an alert each', () => {
  const inOut = (events: string): RiskSignal => signal({ signal: 'rapid_in_out', events });
  const alerts = [2, 3].map((transactions) =>
    alert(160, { alert_id: `rapid_in_out-${transactions}`, signal: 'rapid_in_out', window_start: 100, transactions }),
  );
  expect(compareWithRiskSignals([inOut('3'), inOut('2')], alerts, rules)).toEqual([]);
  expect(compareWithRiskSignals([inOut('3'), inOut('4')], alerts, rules)).toEqual([
    { kind: 'different', key: 'signal=rapid_in_out customer_id=7 window_start=100', columns: ['transactions'] },
  ]);
});
