import { Failure } from '@ewallet/failure';

const PARTS = ['source', 'destination', 'sink'] as const;
type Part = (typeof PARTS)[number];

/** Settings of the programs under measurement that differ from their defaults, by part and key. */
export type Overrides = Readonly<Record<Part, Readonly<Record<string, unknown>>>>;

export const NO_OVERRIDES: Overrides = { source: {}, destination: {}, sink: {} };

/**
 * Adds one `part.key=value`, such as `destination.compression_type=zstd`. A value that is JSON is taken as such.
 *
 * @throws Failure (config) where it is not of that form
 */
export function override(text: string, before: Overrides): Overrides {
  const [, name, key, value] = /^(\w+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
  const part = PARTS.find((known) => known === name);
  if (part === undefined || key === undefined || value === undefined) {
    throw Failure.config(`--with wants <${PARTS.join('|')}>.<key>=<value>, not ${text}.`);
  }
  return { ...before, [part]: { ...before[part], [key]: jsonOr(value) } };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
