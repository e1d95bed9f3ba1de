import { readFileSync } from 'node:fs';

/** Kernel ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds so far in which a core of this machine had nothing to do, or waited for a disk; of all cores together. */
export function idleSeconds(): number {
  const [, , , , idle, waiting] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 6);
  return (Number(idle) + Number(waiting)) / TICKS;
}
