const steps = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const MOST_STEPS = 5;

/** The ends and ticks of an axis; empty where the chart library's own choice will do. */
export interface AxisEnds {
  readonly min?: number;
  readonly max?: number;
  readonly interval?: number;
}

/**
 * An axis of shares that come near to all ends at 100%, as there is no 102%, and its ticks are counted down from there: counted up
 * from below, the last one could be 99%, and its label lie on that of the end.
 * @param autoRange whether the axis begins near the least share instead of at zero
 */
export function shareAxis(shares: readonly number[], autoRange: boolean): AxisEnds {
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  if (shares.length === 0 || most <= 0.9 || most > 1 || least < 0) return {};
  const span = autoRange ? 1 - least : 1;
  const interval = steps.find((step) => span / step <= MOST_STEPS);
  if (interval === undefined || span === 0) return { max: 1 };
  const count = Math.ceil(Number((span / interval).toFixed(6)));
  return { min: Number((1 - count * interval).toFixed(6)), max: 1, interval };
}
