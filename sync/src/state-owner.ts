import path from 'node:path';
import { Failure } from '@ewallet/failure';

/**
 * Whose state a state directory holds. Two configurations that meet in one directory would each take the other's position
 * for their own, and skip the rows before it.
 */
export interface StateOwner {
  /** The configuration file, seen from the state directory: both may move together. */
  readonly configuration: string;
  /** `host:port/database` where the source's configuration has them. */
  readonly source: string | null;
}

/** @param sourceConfig the source's own configuration; of connectors that are not ours nothing is known */
export function stateOwner(configFile: string, stateDirectory: string, sourceConfig: unknown): StateOwner {
  return { configuration: path.relative(stateDirectory, configFile), source: locationOf(sourceConfig) };
}

/** @throws Failure config_error where the state is not this configuration's; a state without an owner is anybody's. */
export function refuseOther(owner: StateOwner | undefined, own: StateOwner, stateFile: string): void {
  if (owner === undefined) return;
  const remedy =
    'Give each configuration a `name` or a `state_directory` of its own. If this is the same connection, run it once with --adopt-state.';
  if (owner.configuration !== own.configuration) {
    const other = path.resolve(path.dirname(stateFile), owner.configuration);
    throw Failure.config(
      `The state in ${stateFile} belongs to another configuration, ${other}: a sync that went on from it would miss rows. ${remedy}`,
    );
  }
  if (owner.source !== null && own.source !== null && owner.source !== own.source) {
    throw Failure.config(
      `The state in ${stateFile} was read from ${owner.source}, and the source is now ${own.source}: a sync that went on from it would miss rows of another database. ${remedy} (The same database at a new address is the same connection.)`,
    );
  }
}

export function parseOwner(value: unknown): StateOwner | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { configuration, source } = value as Partial<Record<keyof StateOwner, unknown>>;
  if (typeof configuration !== 'string') return undefined;
  return { configuration, source: typeof source === 'string' ? source : null };
}

function locationOf(config: unknown): string | null {
  if (typeof config !== 'object' || config === null) return null;
  const { host, port, database } = config as Readonly<Record<string, unknown>>;
  if (typeof host !== 'string' || typeof database !== 'string') return null;
  return `${host}:${typeof port === 'number' || typeof port === 'string' ? port : 'default'}/${database}`;
}
