import { COUNTRIES, type Country } from './countries';
import { hash, type Random } from './random';
import type { ActivityEvent, ActivityRecord, Device } from './records';
import { SECOND, type Micros } from './time';

const MODELS: Readonly<Record<Device, readonly [string, ...string[]]>> = {
  android: ['Galaxy A15', 'Redmi 13C', 'OPPO A18', 'vivo Y17s', 'Pixel 8a'],
  ios: ['iPhone 13', 'iPhone 15', 'iPhone SE'],
  web: ['Chrome', 'Firefox', 'Safari'],
};

/** The customer's usual device: a property of the index. */
function deviceOf(user: number): Device {
  const share = hash(user, 5) % 100;
  if (share < 71) return 'android';
  return share < 94 ? 'ios' : 'web';
}

/** An address of the customer's country; now and then the customer is on another network. */
function addressOf(random: Random, user: number, country: Country): string {
  const network = hash(user, random.chance(0.9) ? 11 : random.below(5));
  return address(100 + country.index, network);
}

function address(first: number, bits: number): string {
  return `${first}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/**
 * One visit to the app, oldest event first: the app opens, mistyped PINs, a login, perhaps a look at the profile. Nobody who
 * comes to pay changes the PIN on the way.
 */
export function visit(
  random: Random,
  user: number,
  country: Country,
  { at, purpose }: { readonly at: Micros; readonly purpose: 'pay' | 'look' },
): ActivityRecord[] {
  const device = random.chance(0.95) ? deviceOf(user) : 'web';
  const ip = addressOf(random, user, country);
  const sessionId = random.uuid();
  const version = `5.${random.between(0, 4)}.${random.between(0, 9)}`;
  const records: ActivityRecord[] = [];
  let occurredAt = at;
  const add = (event: ActivityEvent, properties: ActivityRecord['properties']): void => {
    records.push({
      kind: 'activity',
      userId: user + 1,
      event,
      sessionId,
      device,
      ip,
      country: country.code,
      properties,
      occurredAt,
    });
    occurredAt += random.between(1, 15) * SECOND;
  };
  add('app_open', { app_version: version, network: random.chance(0.6) ? '4g' : 'wifi' });
  while (random.chance(0.03)) add('pin_failed', { attempt: records.length });
  add('login', { method: random.chance(0.55) ? 'biometric' : 'pin' });
  if (random.chance(0.12)) add('profile_viewed', {});
  if (random.chance(0.008))
    add('support_contacted', { topic: random.pick(['refund', 'top-up missing', 'account "locked"']) });
  if (purpose === 'look' && random.chance(0.008)) add('pin_changed', {});
  return records;
}

interface Intrusion {
  readonly event: ActivityEvent;
  readonly attempt: number;
  readonly sessionId: string;
  readonly at: Micros;
}

/** An event of somebody who should not be there: another country, another device, one session for the burst. */
export function intrusion(user: number, home: Country, { event, attempt, sessionId, at }: Intrusion): ActivityRecord {
  const elsewhere = COUNTRIES[(home.index + 1 + (hash(user, 3) % (COUNTRIES.length - 1))) % COUNTRIES.length] ?? home;
  const device: Device = deviceOf(user) === 'android' ? 'ios' : 'android';
  return {
    kind: 'activity',
    userId: user + 1,
    event,
    sessionId,
    device,
    ip: address(100 + elsewhere.index, hash(user, 4_242)),
    country: elsewhere.code,
    properties: properties(event, attempt, MODELS[device][hash(user, 6) % MODELS[device].length] ?? 'unknown'),
    occurredAt: at,
  };
}

function properties(event: ActivityEvent, attempt: number, model: string): ActivityRecord['properties'] {
  if (event === 'pin_failed') return { attempt };
  return event === 'device_added' ? { model } : { method: 'pin' };
}

interface SolitaryEvent {
  readonly country: Country;
  readonly event: ActivityEvent;
  readonly more: ActivityRecord['properties'];
  readonly occurredAt: Micros;
}

/** One event that stands alone, such as a step of the identity check. */
export function solitary(
  random: Random,
  user: number,
  { country, event, more, occurredAt }: SolitaryEvent,
): ActivityRecord {
  return {
    kind: 'activity',
    userId: user + 1,
    event,
    sessionId: random.uuid(),
    device: deviceOf(user),
    ip: addressOf(random, user, country),
    country: country.code,
    properties: more,
    occurredAt,
  };
}
