import { createHash } from 'node:crypto';

const NANO_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

/** A question's entity_id, a NanoID of 21 characters that its key alone decides, so a lost state finds it again. */
export function entityId(questionKey: string): string {
  const digest = createHash('sha256').update(`ewallet-dashboards question ${questionKey}`).digest();
  return Array.from(digest.subarray(0, 21), (byte) => NANO_ALPHABET[byte & 63] ?? '').join('');
}

/** A dashboard filter's id, from the keys: removing one would archive the subscriptions that use it, so it stays. */
export function parameterId(dashboardKey: string, filterKey: string): string {
  return createHash('sha256').update(`${dashboardKey}\n${filterKey}`).digest('hex').slice(0, 8);
}

/** A template tag's id, a UUID as Metabase makes one. */
export function tagId(questionKey: string, tag: string): string {
  const hex = createHash('sha256').update(`${questionKey}\n${tag}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
