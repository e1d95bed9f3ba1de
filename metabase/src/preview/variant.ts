/** A filter's chosen value; null: none. */
export type Choice = string | null;

/** One text for the values of a card's filters, in their order; the builder of the page and the page agree on it. */
export function variantKey(values: readonly Choice[]): string {
  return JSON.stringify(values);
}

/** Values of a card's filters, and how many of them are not the default. */
export interface Combination {
  readonly values: readonly Choice[];
  readonly changes: number;
}

/**
 * The combinations of choices that a page carries for one card: all of them while they are at most `most`; else the
 * default view, then views that differ from it in one filter, in two …, until `most` is reached.
 * @param options the choices of each filter, the default first.
 */
export function combinationsWithin(options: readonly (readonly Choice[])[], most: number): Combination[] {
  let all: Combination[] = [{ values: [], changes: 0 }];
  for (const choices of options) {
    all = all.flatMap(({ values, changes }) =>
      choices.map((choice, index) => ({ values: [...values, choice], changes: changes + (index === 0 ? 0 : 1) })),
    );
    // Many filters with many values would not fit in memory before they are cut down.
    if (all.length > most * 64) all = nearest(all).slice(0, most * 64);
  }
  return nearest(all).slice(0, most);
}

function nearest(list: readonly Combination[]): Combination[] {
  return [...list].sort((a, b) => a.changes - b.changes);
}
