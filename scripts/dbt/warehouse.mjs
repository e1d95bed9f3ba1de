/** What dbt/profiles.yml takes where a variable is not set. */
const defaults = {
  EWALLET_WAREHOUSE_HOST: '127.0.0.1',
  EWALLET_WAREHOUSE_PORT: '5432',
  EWALLET_WAREHOUSE_DATABASE: 'warehouse',
  EWALLET_WAREHOUSE_USER: 'dbt',
  EWALLET_WAREHOUSE_PASSWORD: '',
};

/** Commands of dbt that need no warehouse. */
const offline = new Set(['--help', '-h', '--version', '-v', 'parse', 'list', 'ls', 'clean', 'deps', 'init']);

/**
 * Whether a command of dbt may run, and what is said before it: not one variable set is an error, as dbt would only
 * say that a role of ours cannot sign in on this machine; some of them set is said aloud, with what is taken for the others.
 *
 * @param {string} command
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {{ kind: 'go'; note: string | undefined } | { kind: 'stop'; why: string }}
 */
export function namedWarehouse(command, environment) {
  if (offline.has(command)) return { kind: 'go', note: undefined };
  const unset = Object.keys(defaults).filter((name) => environment[name] === undefined);
  if (unset.length === Object.keys(defaults).length)
    return {
      kind: 'stop',
      why:
        `No warehouse is named. Set ${Object.keys(defaults).join(', ')} (dbt/README.md, "Run it").` +
        (environment.EWALLET_WAREHOUSE_URL === undefined ? '' : ' dbt does not read EWALLET_WAREHOUSE_URL.'),
    };
  // A password may come from elsewhere (.pgpass, a trusted address), and the port is mostly the usual one.
  const assumed = unset.filter((name) => !/_(PORT|PASSWORD)$/.test(name));
  return {
    kind: 'go',
    note:
      assumed.length === 0
        ? undefined
        : `Not set, so taken: ${assumed.map((name) => `${name}=${defaults[name]}`).join(' ')}`,
  };
}
