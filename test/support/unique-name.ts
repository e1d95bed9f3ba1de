import { randomBytes } from 'node:crypto';

/** A name for a database, topic, connector or subject that no other test has: lower case letters, digits, underscores. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}
