import type { Measurement } from './measurement';

/** One run of a hop and one of its limit, right after each other. */
export interface Trial {
  readonly hop: string;
  readonly limitName: string;
  readonly target: number | undefined;
  readonly measured: { readonly hop: Measurement; readonly limit: Measurement };
}
