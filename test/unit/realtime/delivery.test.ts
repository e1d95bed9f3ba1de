import type { Channel } from '../../../realtime/src/config/delivery';
import { parseRealtimeConfig } from '../../../realtime/src/config/realtime-config';
import { SIGNALS } from '../../../realtime/src/config/signal-names';
import type { Alert } from '../../../realtime/src/deliver/alert';
import { balanceAlert, balanceAlertId } from '../../../realtime/src/deliver/balance-alert';
import { smtpOutcome } from '../../../realtime/src/deliver/email-sender';
import { outcomeOf } from '../../../realtime/src/deliver/http-sender';
import { OpenAlerts } from '../../../realtime/src/deliver/open-alerts';
import { quietUntil } from '../../../realtime/src/deliver/quiet-hours';
import { backoffMs } from '../../../realtime/src/deliver/retry';
import type { Told } from '../../../realtime/src/deliver/verdict';
import { watchesOf } from '../../../realtime/src/deliver/watch';
import { facts, headline, slackBody } from '../../../realtime/src/deliver/words';
import { PROJECT_ROOT } from '../../support/command';

const rules = { settleMs: 10_000, maxAgeMs: 3_600_000 };
const channel = (more: Partial<Channel> = {}): Channel => ({
  name: 'risk',
  target: { kind: 'slack', url: 'http://slack' },
  minSeverity: 'low',
  signals: new Set(SIGNALS),
  quietHours: undefined,
  retractions: true,
  ...more,
});
const alert = (more: Partial<Alert> = {}): Alert => ({
  id: 'velocity-3',
  signal: 'velocity',
  severity: 'medium',
  customer: '17',
  subject: undefined,
  windowStart: 0,
  windowEnd: 600_000,
  transactions: '12',
  amount: '1234.5000',
  currency: 'USD',
  explanation: '12 transactions within 10 minutes',
  ...more,
});
const told = (status: Told['status'], round = 1): Told => ({
  status,
  round,
  signal: 'velocity',
  customer: '17',
  severity: 'medium',
  at: 0,
});

/** One channel over the records of one partition, and what it would be sent at a moment. */
function desk(one: Channel): {
  readonly alerts: OpenAlerts;
  readonly skipped: string[];
  readonly take: (offset: number, value: Alert | undefined, at: number) => void;
  readonly keyAt: (at: number) => string | number;
} {
  const skipped: string[] = [];
  const alerts = new OpenAlerts([one], rules, (_, why) => skipped.push(why));
  return {
    alerts,
    skipped,
    take: (offset, value, at) => {
      const source = { partition: 0, offset: BigInt(offset), key: null, value: null };
      alerts.take({ id: value?.id ?? 'velocity-3', alert: value, source }, at);
    },
    keyAt: (at) => {
      const next = alerts.next(one, at);
      return next.kind === 'send' ? next.sending.message.key : next.until;
    },
  };
}

test('an alert is one message, sent when it has settled, however often it changes', () => {
  const { alerts, take, keyAt, skipped } = desk(channel());
  take(5, alert(), 700_000);
  expect(keyAt(700_000)).toBe(710_000);
  // Flink writes some changes as a tombstone and a value: neither postpones the message.
  for (let at = 701_000; at < 712_000; at += 1_000) {
    take(at / 1_000, undefined, at);
    take(at / 1_000, alert({ transactions: String(at) }), at + 50);
  }
  expect(keyAt(711_500)).toBe('velocity-3');
  expect(alerts.committable()).toEqual(new Map([[0, 5n]]));
  alerts.tell('risk', 'velocity-3', told('raised'));
  expect(keyAt(711_600)).toBe(Infinity);
  expect(alerts.committable()).toEqual(new Map([[0, 712n]]));
  take(712, alert({ severity: 'high' }), 720_000);
  expect(keyAt(740_000)).toBe(Infinity);
  expect({ size: alerts.size, skipped }).toEqual({ size: 0, skipped: [] });
});

test('an alert that is taken back before it settles is never sent', () => {
  const { take, keyAt, skipped, alerts } = desk(channel());
  take(0, alert(), 700_000);
  take(1, undefined, 703_000);
  expect(keyAt(712_999)).toBe(713_000);
  expect(keyAt(713_000)).toBe(Infinity);
  expect({ skipped, committable: alerts.committable() }).toEqual({
    skipped: ['gone'],
    committable: new Map([[0, 2n]]),
  });
});

test('a sent alert that is taken back is retracted once, and sent again where it is raised again', () => {
  const { take, keyAt, alerts } = desk(channel());
  alerts.tell('risk', 'velocity-3', told('raised'));
  take(0, undefined, 700_000);
  expect(keyAt(709_999)).toBe(710_000);
  expect(keyAt(710_000)).toBe('velocity-3/retracted');
  alerts.tell('risk', 'velocity-3', told('retracted'));
  expect(keyAt(710_001)).toBe(Infinity);
  take(1, alert(), 800_000);
  expect(keyAt(810_000)).toBe('velocity-3/2');
  alerts.tell('risk', 'velocity-3', told('raised', 2));
  take(2, undefined, 900_000);
  expect(keyAt(910_000)).toBe('velocity-3/2/retracted');

  const silent = desk(channel({ retractions: false }));
  silent.alerts.tell('risk', 'velocity-3', told('raised'));
  silent.take(0, undefined, 700_000);
  expect(silent.keyAt(710_000)).toBe(Infinity);
});

test('a channel gets its own signals, from its own severity up, and nothing that is older than its age', () => {
  const medium = desk(channel({ minSeverity: 'medium', signals: new Set(['velocity']) }));
  medium.take(0, alert({ severity: 'low' }), 700_000);
  medium.take(1, alert({ id: 'structuring-1', signal: 'structuring', severity: 'high' }), 700_000);
  medium.take(2, alert({ id: 'velocity-old', windowEnd: 700_000 - rules.maxAgeMs - 1 }), 700_000);
  expect(medium.keyAt(710_000)).toBe(Infinity);
  expect(medium.skipped).toEqual(['unwanted', 'unwanted', 'old']);
  // It grows more severe: now it is one for this channel.
  medium.take(3, alert({ severity: 'medium' }), 720_000);
  expect(medium.keyAt(730_000)).toBe('velocity-3');
});

test('the message that was tried least is next, so that one that always fails holds up no other', () => {
  const { take, keyAt, alerts } = desk(channel());
  take(0, alert({ id: 'velocity-1' }), 700_000);
  take(1, alert({ id: 'velocity-2' }), 700_001);
  expect(keyAt(800_000)).toBe('velocity-1');
  alerts.tried('risk', 'velocity-1', 800_000);
  expect(keyAt(800_001)).toBe('velocity-2');
  alerts.tell('risk', 'velocity-2', told('raised'));
  expect(keyAt(800_002)).toBe('velocity-1');
  expect(alerts.committable()).toEqual(new Map([[0, 0n]]));
  alerts.forget();
  expect({ size: alerts.size, committable: alerts.committable() }).toEqual({ size: 0, committable: new Map() });
});

const manila = { from: 22 * 60, to: 7 * 60, timeZone: 'Asia/Manila', highPasses: true };
const at = (instant: string): number => Date.parse(instant);

test('quiet hours are of their time zone, over midnight and over a change of the clock, and may let high severity pass', () => {
  // Manila is eight hours ahead of UTC.
  expect(quietUntil(manila, at('2026-03-01T13:59:59Z'))).toBeUndefined();
  expect(quietUntil(manila, at('2026-03-01T14:00:00Z'))).toBe(at('2026-03-01T14:15:00Z'));
  expect(quietUntil(manila, at('2026-03-01T22:50:30Z'))).toBe(at('2026-03-01T23:00:00Z'));
  expect(quietUntil(manila, at('2026-03-01T23:00:00Z'))).toBeUndefined();
  const noon = { from: 12 * 60, to: 13 * 60, timeZone: 'UTC', highPasses: false };
  expect(quietUntil(noon, at('2026-03-01T12:59:00Z'))).toBe(at('2026-03-01T13:00:00Z'));
  expect(quietUntil(noon, at('2026-03-01T13:00:00Z'))).toBeUndefined();
  // At 01:00Z on 29 March Berlin's clock goes from 02:00 to 03:00: the hours end at 01:00Z, not an hour later.
  const berlin = { from: 0, to: 3 * 60, timeZone: 'Europe/Berlin', highPasses: false };
  expect(quietUntil(berlin, at('2026-03-29T00:59:00Z'))).toBeLessThanOrEqual(at('2026-03-29T01:14:00Z'));
  expect(quietUntil(berlin, at('2026-03-29T01:00:00Z'))).toBeUndefined();

  const night = at('2026-03-01T14:00:00Z');
  const quiet = desk(channel({ quietHours: manila }));
  quiet.take(0, alert({ windowEnd: night }), night);
  expect(quiet.keyAt(night + 10_000)).toBe(at('2026-03-01T14:15:10Z'));
  quiet.take(1, alert({ windowEnd: night, severity: 'high' }), night + 11_000);
  expect(quiet.keyAt(night + 12_000)).toBe('velocity-3');
});

test('an answer says whether the same message would be refused again', () => {
  expect(outcomeOf(204, null)).toEqual({ kind: 'delivered' });
  expect(outcomeOf(404, null)).toEqual({ kind: 'refused', cause: 'HTTP 404' });
  expect(outcomeOf(302, null)).toEqual({
    kind: 'refused',
    cause: 'HTTP 302, a redirect: give the address that it names',
  });
  expect(outcomeOf(429, '7')).toEqual({ kind: 'unavailable', cause: 'HTTP 429', retryAfterMs: 7_000 });
  expect(outcomeOf(503, 'Wed, 21 Oct 2026 07:28:00 GMT')).toEqual({ kind: 'unavailable', cause: 'HTTP 503' });
  expect(smtpOutcome({ code: 'EENVELOPE', responseCode: 550, command: 'RCPT TO', response: 'secret@x' })).toEqual({
    kind: 'refused',
    cause: 'SMTP 550 at RCPT TO',
  });
  expect(smtpOutcome({ code: 'EAUTH', responseCode: 535, command: 'AUTH PLAIN' })).toEqual({
    kind: 'unavailable',
    cause: 'SMTP 535 at AUTH PLAIN',
  });
  expect(smtpOutcome({ code: 'ECONNECTION' })).toEqual({ kind: 'unavailable', cause: 'no connection (ECONNECTION)' });
  expect([1, 2, 7, 50].map((failures) => backoffMs(failures, 1))).toEqual([1_000, 2_000, 60_000, 60_000]);
});

test('words are exact, and no value of the e-wallet is markup or a header of its own', () => {
  const message = {
    event: 'raised',
    key: 'velocity-3',
    round: 1,
    alert: alert({ subject: '<!channel> & "x"', amount: '1234.5678' }),
  } as const;
  expect(headline(message)).toBe('[medium] velocity: customer 17');
  expect(facts({ ...message, alert: alert() })).toEqual([
    '12 transactions within 10 minutes',
    'amount: 1234.50 USD',
    'transactions: 12',
    'from 1970-01-01T00:00:00Z to 1970-01-01T00:10:00Z',
    'alert: velocity-3',
  ]);
  expect(JSON.parse(slackBody(message))).toEqual({
    text: '*[medium] velocity: customer 17*\n12 transactions within 10 minutes\namount: 1234.5678 USD\ntransactions: 12\nfrom 1970-01-01T00:00:00Z to 1970-01-01T00:10:00Z\nabout: &lt;!channel&gt; &amp; "x"\nalert: velocity-3',
  });
});

const least = {
  bootstrap_servers: 'broker:9092',
  schema_registry: { url: 'http://registry:8081/' },
  products: ['alerts'],
};
const slack = { kind: 'slack', url: 'https://hooks.slack.example/services/T0/B0/secret' };
const parse = (deliver: unknown, more: object = {}): ReturnType<typeof parseRealtimeConfig> =>
  parseRealtimeConfig({ ...least, deliver, ...more }, PROJECT_ROOT);

test('channels are part of the one configuration, with names of their own', () => {
  expect(
    parse({
      channels: {
        risk: { ...slack, quiet_hours: { from: '22:00', to: '7:00', time_zone: 'Asia/Manila', high_passes: true } },
      },
    }).delivery,
  ).toEqual({
    groupId: 'realtime-deliver',
    deadLetterTopic: 'realtime-undelivered',
    settleMs: 10_000,
    balanceMs: 120_000,
    maxAgeMs: 259_200_000,
    retryMs: 86_400_000,
    channels: [channel({ target: { kind: 'slack', url: slack.url }, quietHours: manila })],
  });
});

test.each([
  [{ channels: {} }, '`deliver.channels` is empty: name a channel of kind webhook, slack or email.'],
  [{ chanels: {} }, 'Unknown key `deliver.chanels`: did you mean `deliver.channels`?'],
  [
    { channels: { a: { ...slack, min_severty: 'low' } } },
    'Unknown key `deliver.channels.a.min_severty`: did you mean `deliver.channels.a.min_severity`?',
  ],
  [{ channels: { a: { ...slack, kind: 'pager' } } }, '`deliver.channels.a.kind` must be one of webhook, slack, email.'],
  [
    { channels: { a: { ...slack, url: 'hooks.slack.example/secret' } } },
    '`deliver.channels.a.url` must start with http:// or https://.',
  ],
  [
    { channels: { a: { kind: 'webhook', url: 'https://user:secret@x/' } } },
    '`deliver.channels.a.url` must have no login: give it in `headers`, as Authorization.',
  ],
  [
    { channels: { a: { kind: 'webhook', url: 'https://x/', headers: { 'a b': 'secret' } } } },
    '`deliver.channels.a.headers`: "a b" is no HTTP header, or its value cannot be one.',
  ],
  [
    { channels: { a: { ...slack, signals: ['velocty'] } } },
    '`deliver.channels.a.signals` has "velocty"; it may have velocity, ',
  ],
  [
    { channels: { a: { ...slack, quiet_hours: { from: '22:00', to: '07:00', time_zone: 'Manila' } } } },
    '`deliver.channels.a.quiet_hours.time_zone` must be a name such as Asia/Manila; "Manila" is none.',
  ],
  [
    { channels: { a: { ...slack, quiet_hours: { from: '24:00', to: '07:00', time_zone: 'UTC' } } } },
    '`deliver.channels.a.quiet_hours.from` must be a time of day, such as 22:00.',
  ],
  [
    { channels: { a: { kind: 'email', server: 'mail:25', from: 'a@x', to: ['b@x'] } } },
    '`deliver.channels.a.server` must be smtp://user:password@host:port, or smtps://.',
  ],
  [
    { channels: { a: { kind: 'email', server: 'smtp://mail:25', from: 'a@x', to: [] } } },
    '`deliver.channels.a.to` must name at least one address.',
  ],
])('%j is refused by name, and never with a value that may be secret', (deliver, message) => {
  let said = '';
  try {
    parse(deliver);
  } catch (error) {
    said = (error as Error).message;
  }
  expect(said).toContain(message);
  expect(said).not.toContain('secret');
});

test('delivery of alerts needs alerts', () => {
  expect(() => parse({ channels: { a: slack } }, { products: ['minute_volumes'] })).toThrow(
    '`deliver` tells people of alerts: `products` must have "alerts".',
  );
});

const check = {
  ...{ wallet_id: 9n, wallet_kind: 'customer', customer_id: 17, currency: 'USD' },
  ...{ balance: '100.0000', movements: '89.5000', difference: '10.5000', unchanged_since: 1_000_000_000 },
};

test('a balance that differs is an alert of its wallet; one that adds up is none', () => {
  expect(balanceAlertId({ wallet_id: 9n })).toBe('balance_mismatch-9');
  const found = balanceAlert(check);
  expect(found).toEqual({
    id: 'balance_mismatch-9',
    signal: 'balance_mismatch',
    severity: 'high',
    customer: '17',
    subject: '9',
    windowStart: 1_000_000,
    windowEnd: 1_000_000,
    transactions: '0',
    amount: '10.5000',
    currency: 'USD',
    explanation: 'the balance of this customer wallet is not the sum of its movements',
  });
  expect(facts({ event: 'raised', key: 'k', round: 1, alert: found! })).toEqual([
    'the balance of this customer wallet is not the sum of its movements',
    'difference: 10.50 USD',
    'wallet: 9',
    'unchanged since 1970-01-01T00:16:40Z',
    'alert: balance_mismatch-9',
  ]);
  expect(balanceAlert({ ...check, balance: null, wallet_kind: null })?.explanation).toBe(
    'transactions moved money of a wallet that did not arrive',
  );
  for (const difference of ['0', '0.0000', '-0.00']) expect(balanceAlert({ ...check, difference })).toBeUndefined();
  expect(balanceAlert({ ...check, difference: '-0.0001' })?.amount).toBe('-0.0001');
  expect(() => balanceAlert({ ...check, difference: null })).toThrow('A balance check has no "difference".');
});

test('a wallet that adds up, and of which nobody was told, waits for nothing', () => {
  const { alerts, take } = desk(channel());
  take(0, undefined, 700_000);
  expect({ size: alerts.size, committable: alerts.committable() }).toEqual({
    size: 0,
    committable: new Map([[0, 1n]]),
  });
});

test('balances are told to the channels that name them, and need balance checks', () => {
  const both = { all: slack, ledger: { ...slack, signals: ['balance_mismatch'] } };
  const config = parse({ channels: both, balance_seconds: 30 }, { products: ['alerts', 'balance_checks'] });
  expect(
    watchesOf('realtime', config.delivery!).map(({ topic, groupId, channels, rules: timing }) => ({
      ...{ topic, groupId, timing, channels: channels.map(({ name }) => name) },
    })),
  ).toEqual([
    {
      ...{ topic: 'realtime.alerts', groupId: 'realtime-deliver', channels: ['all'] },
      timing: { settleMs: 10_000, maxAgeMs: 259_200_000 },
    },
    {
      ...{ topic: 'realtime.balance_checks', groupId: 'realtime-deliver-balances', channels: ['ledger'] },
      timing: { settleMs: 30_000, maxAgeMs: Infinity },
    },
  ]);
  const ledger = { channels: { ledger: both.ledger } };
  expect(watchesOf('rt', parse(ledger, { products: ['balance_checks'] }).delivery!)).toHaveLength(1);
  expect(() => parse(ledger)).toThrow(
    '`deliver.channels.ledger.signals` has "balance_mismatch": `products` must have "balance_checks".',
  );
});
