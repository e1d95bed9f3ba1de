export const MICROS_PER_MINUTE = 60_000_000;

/** The start of the stretch of so many microseconds that an instant lies in; before 1970 too. */
export function floorTo(instant: string, micros: number): string {
  return `${instant} - MOD(MOD(${instant}, ${micros}) + ${micros}, ${micros})`;
}
