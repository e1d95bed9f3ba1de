/** Each hop of a large configuration has its own: more than the four that Node looks up, and reads files, at a time. */
const AT_ONCE = '32';
/** glibc's, in whole seconds; of its own accord it asks each name server twice and waits five seconds each time. */
const ONE_SECOND = 'timeout:1 attempts:1';

/**
 * Keeps a name server that is silent from holding up what is said: the system's look-ups cannot be ended, not even by the exit,
 * and files wait behind them. Has to be called before anything is read.
 *
 * @param environment that of this process, from which Node and the system's library take it; what is set there stays
 * @param isShort whether a name may take no longer than a second
 */
export function hurryNameLookups(environment: NodeJS.ProcessEnv, isShort: boolean): void {
  environment.UV_THREADPOOL_SIZE ??= AT_ONCE;
  if (isShort) environment.RES_OPTIONS ??= ONE_SECOND;
}
