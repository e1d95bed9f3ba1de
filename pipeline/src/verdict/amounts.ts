/** `850 ms`, `12 s`, `4 min`, `3 h`, `2 d`: as precise as a person asks for. */
export function duration(seconds: number): string {
  const rounded = Math.max(0, seconds);
  if (rounded < 0.95) return `${Math.round(rounded * 1_000)} ms`;
  if (rounded < 90) return `${Math.round(rounded)} s`;
  if (rounded < 90 * 60) return `${Math.round(rounded / 60)} min`;
  if (rounded < 48 * 3_600) return `${Math.round(rounded / 3_600)} h`;
  return `${Math.round(rounded / 86_400)} d`;
}

export function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1_000;
}

export function ago(at: Date, now: Date): string {
  return `${duration(secondsBetween(at, now))} ago`;
}

/** In powers of 1,024. */
export function bytes(number: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = number < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(number) / 10));
  return `${(number / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`;
}
