import type { Combination } from './variant';

interface Readable {
  readonly combinations: readonly Combination[];
}

export interface Reading<Card> {
  readonly card: Card;
  readonly combination: Combination;
}

/** Every card's default view: what is read whatever it takes. */
export function defaultReadings<Card extends Readable>(cards: readonly Card[]): Reading<Card>[] {
  return readings(cards).filter(({ combination }) => combination.changes === 0);
}

/**
 * The other views, in the order in which to ask for them when time may not suffice for all: the cheapest first, so that a
 * few slow cards don't keep thousands of quick answers off the page. A view that differs from the default in more filters
 * is wanted less: its cost counts sixteenfold for two changes, 81-fold for three.
 * @param milliseconds what the card's default view took.
 */
export function otherReadings<Card extends Readable>(
  cards: readonly Card[],
  milliseconds: ReadonlyMap<Card, number>,
): Reading<Card>[] {
  const cost = ({ card, combination }: Reading<Card>): number =>
    (milliseconds.get(card) ?? 0) * combination.changes ** 4;
  return readings(cards)
    .filter(({ combination }) => combination.changes > 0)
    .sort((a, b) => cost(a) - cost(b));
}

function readings<Card extends Readable>(cards: readonly Card[]): Reading<Card>[] {
  return cards.flatMap((card) => card.combinations.map((combination): Reading<Card> => ({ card, combination })));
}
