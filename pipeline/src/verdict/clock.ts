import { duration } from './amounts';
import type { Finding } from './verdict';

/** Lag in seconds and `_loaded_at` compare clocks of several machines: with NTP they differ by milliseconds. */
const SKEW_SECONDS = 5;

export function clockFindings(skewSeconds: number): Finding[] {
  if (Math.abs(skewSeconds) < SKEW_SECONDS) return [];
  const direction = skewSeconds > 0 ? 'ahead of' : 'behind';
  return [
    {
      code: 'clock-skew',
      verdict: 'degraded',
      says: `its clock is ${duration(Math.abs(skewSeconds))} ${direction} this machine's`,
      next: 'Set both clocks by NTP (chronyc tracking, timedatectl): ages and lag in seconds are wrong until then.',
    },
  ];
}
