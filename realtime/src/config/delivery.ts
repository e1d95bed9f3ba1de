import { Failure, type ConfigReader } from '@ewallet/failure';
import { BALANCE_MISMATCH, SIGNALS, type AlertName } from './signal-names';

/** From the least to the most severe. */
export const SEVERITIES = ['low', 'medium', 'high'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A stretch of each day in which nothing is sent; over midnight where it ends before it starts. */
export interface QuietHours {
  /** Minutes of the day, from 0 to 1439. */
  readonly from: number;
  readonly to: number;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** Alerts of high severity are sent all the same. */
  readonly highPasses: boolean;
}

export type ChannelTarget =
  | { readonly kind: 'webhook'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'slack'; readonly url: string }
  | {
      readonly kind: 'email';
      /** smtp:// or smtps://, with the login. */
      readonly server: string;
      readonly from: string;
      readonly to: readonly string[];
      readonly requireTls: boolean;
    };

export interface Channel {
  readonly name: string;
  readonly target: ChannelTarget;
  readonly minSeverity: Severity;
  /** Kinds that are sent. */
  readonly signals: ReadonlySet<AlertName>;
  readonly quietHours: QuietHours | undefined;
  /** An alert that was sent and is taken back is followed by a message that says so. */
  readonly retractions: boolean;
}

export interface DeliveryConfig {
  readonly groupId: string;
  readonly deadLetterTopic: string;
  readonly settleMs: number;
  /** A balance must differ so long before it is told. */
  readonly balanceMs: number;
  readonly maxAgeMs: number;
  readonly retryMs: number;
  readonly channels: readonly Channel[];
}

/** @throws Failure config_error naming the key and what it must be, never an address, which may be secret */
export function parseDelivery(reader: ConfigReader | undefined, topicPrefix: string): DeliveryConfig | undefined {
  if (reader === undefined) return undefined;
  const config: DeliveryConfig = {
    groupId: reader.text('group_id', `${topicPrefix}-deliver`),
    deadLetterTopic: reader.text('dead_letter_topic', `${topicPrefix}-undelivered`),
    settleMs: reader.number('settle_seconds', 10, { min: 0, max: 3_600 }) * 1_000,
    balanceMs: reader.number('balance_seconds', 120, { min: 1, max: 86_400 }) * 1_000,
    maxAgeMs: reader.number('max_age_hours', 72, { min: 1, max: 8_760 }) * 3_600_000,
    retryMs: reader.number('retry_minutes', 1_440, { min: 0, max: 10_080 }) * 60_000,
    channels: [...reader.objects('channels')].map(([name, channel]) => parseChannel(name, channel)),
  };
  reader.finish();
  if (config.channels.length === 0) {
    throw Failure.config('`deliver.channels` is empty: name a channel of kind webhook, slack or email.');
  }
  return config;
}

function parseChannel(name: string, reader: ConfigReader): Channel {
  const channel: Channel = {
    name,
    target: parseTarget(name, reader),
    minSeverity: reader.oneOf('min_severity', SEVERITIES, 'low'),
    signals: parseSignals(name, reader.texts('signals')),
    quietHours: parseQuietHours(name, reader.optionalObject('quiet_hours')),
    retractions: reader.flag('retractions', true),
  };
  reader.finish();
  return channel;
}

function parseTarget(name: string, reader: ConfigReader): ChannelTarget {
  const kind = reader.oneOf('kind', ['webhook', 'slack', 'email'] as const, 'webhook');
  switch (kind) {
    case 'webhook':
      return { kind, url: httpUrl(name, reader.text('url')), headers: httpHeaders(name, reader.textMap('headers')) };
    case 'slack':
      return { kind, url: httpUrl(name, reader.text('url')) };
    case 'email': {
      const server = reader.text('server');
      if (!/^smtps?:\/\/[^/]/.test(server) || !URL.canParse(server)) {
        throw Failure.config(
          `\`deliver.channels.${name}.server\` must be smtp://user:password@host:port, or smtps://.`,
        );
      }
      const to = reader.texts('to');
      if (to.length === 0) throw Failure.config(`\`deliver.channels.${name}.to\` must name at least one address.`);
      return { kind, server, from: reader.text('from'), to, requireTls: reader.flag('require_tls', true) };
    }
    default:
      return kind satisfies never;
  }
}

function httpUrl(name: string, url: string): string {
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) {
    const { username, password } = new URL(url);
    if (username === '' && password === '') return url;
    throw Failure.config(
      `\`deliver.channels.${name}.url\` must have no login: give it in \`headers\`, as Authorization.`,
    );
  }
  throw Failure.config(`\`deliver.channels.${name}.url\` must start with http:// or https://.`);
}

function httpHeaders(name: string, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [header, value] of Object.entries(headers)) {
    try {
      new Headers([[header, value]]);
    } catch {
      throw Failure.config(
        `\`deliver.channels.${name}.headers\`: ${JSON.stringify(header)} is no HTTP header, or its value cannot be one.`,
      );
    }
  }
  return headers;
}

function parseSignals(name: string, names: readonly string[]): ReadonlySet<AlertName> {
  const known: readonly AlertName[] = [...SIGNALS, BALANCE_MISMATCH];
  const wrong = names.find((signal) => !known.some((one) => one === signal));
  if (wrong !== undefined) {
    throw Failure.config(
      `\`deliver.channels.${name}.signals\` has ${JSON.stringify(wrong)}; it may have ${known.join(', ')}.`,
    );
  }
  // Balances are asked for by name: in a wallet that does not keep to double entry each of them would be a message.
  return new Set(names.length === 0 ? SIGNALS : known.filter((signal) => names.includes(signal)));
}

function parseQuietHours(name: string, reader: ConfigReader | undefined): QuietHours | undefined {
  if (reader === undefined) return undefined;
  const at = `deliver.channels.${name}.quiet_hours`;
  const hours: QuietHours = {
    from: minuteOfDay(reader.text('from'), `${at}.from`),
    to: minuteOfDay(reader.text('to'), `${at}.to`),
    timeZone: reader.text('time_zone'),
    highPasses: reader.flag('high_passes', false),
  };
  reader.finish();
  if (hours.from === hours.to) throw Failure.config(`\`${at}\`: \`from\` and \`to\` must differ.`);
  try {
    new Intl.DateTimeFormat('en', { timeZone: hours.timeZone });
  } catch {
    throw Failure.config(
      `\`${at}.time_zone\` must be a name such as Asia/Manila; ${JSON.stringify(hours.timeZone)} is none.`,
    );
  }
  return hours;
}

function minuteOfDay(text: string, key: string): number {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined) throw Failure.config(`\`${key}\` must be a time of day, such as 22:00.`);
  return Number(hours) * 60 + Number(minutes);
}
