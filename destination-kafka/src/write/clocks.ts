/** Time as it is now, in milliseconds. */
export interface Clocks {
  /** The wall's clock: what records are stamped with. */
  readonly now: () => number;
  /** A clock that only counts on: by the wall's, a deadline would move with each jump of it. */
  readonly counted: () => number;
}
