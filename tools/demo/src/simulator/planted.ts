import { MILLISECOND, type Micros } from './time';

export type Pattern = 'velocity' | 'structuring' | 'in_and_out' | 'failed_pins' | 'takeover';

/** A burst while it is carried out. Customers by index. */
export interface PlantedBurst {
  readonly pattern: Pattern;
  readonly user: number;
  /** Who receives from it in some patterns. */
  readonly mule: number;
  readonly from: Micros;
  /** When its last step so far was. */
  until: Micros;
  /** Steps to come. */
  left: number;
}

/** Notes a step that was carried out. */
export function carriedOut(burst: PlantedBurst, at: Micros): void {
  burst.until = at;
  burst.left -= 1;
}

/** The signals of ewallet-realtime and dbt that a pattern is expected to raise, and of whom. */
const EXPECTED: Readonly<Record<Pattern, readonly (readonly [signal: string, of: 'user' | 'mule'])[]>> = {
  velocity: [['velocity', 'user']],
  structuring: [['structuring', 'user']],
  in_and_out: [
    ['rapid_in_out', 'user'],
    ['rapid_in_out', 'mule'],
  ],
  failed_pins: [['pin_failed_burst', 'user']],
  takeover: [
    ['pin_failed_burst', 'user'],
    ['account_takeover', 'user'],
  ],
};

/**
 * What was planted, as one line of JSON: a record beside the wallet, as no real wallet has such a table. `expected` are the
 * signals that should be raised, of a burst that was carried out to its end; one that was cut short is fraud all the same.
 *
 * @param id the database's id of a customer by index
 */
export function plantedLine(
  { pattern, user, mule, from, until, left }: PlantedBurst,
  id: (user: number) => number,
): string {
  const people = { user: id(user), mule: id(mule) };
  return `${JSON.stringify({
    pattern,
    customers: pattern === 'in_and_out' ? [people.user, people.mule] : [people.user],
    from: new Date(from / MILLISECOND).toISOString(),
    until: new Date(until / MILLISECOND).toISOString(),
    complete: left === 0,
    expected: EXPECTED[pattern].map(([signal, of]) => ({ signal, customer: people[of] })),
  })}\n`;
}
