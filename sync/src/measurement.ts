/** One number of a measurement; `field` is empty where the measurement is a number itself. */
export interface MeasuredNumber {
  readonly field: string;
  readonly number: number;
}

/**
 * The numbers in a connector's measurement: the value of an ANALYTICS trace, which is a number or a flat JSON object as
 * text. Anything else in it is text for people, and left out.
 */
export function readMeasurement(value: string): readonly MeasuredNumber[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return [];
  }
  if (typeof parsed === 'number') return [{ field: '', number: parsed }];
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return [];
  return Object.entries(parsed as Readonly<Record<string, unknown>>).flatMap(([field, number]) =>
    typeof number === 'number' ? { field, number } : [],
  );
}
