import { performance } from 'node:perf_hooks';

/**
 * Milliseconds since 1970 that never jump, for what is due and for what has been silent: a machine's clock that is set
 * back an hour would hold the states of a followed stream back as long, and one set ahead would end it as silent.
 */
export function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now());
}
