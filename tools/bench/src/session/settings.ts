import { override, type Overrides } from './overrides';

/** A setting that users can turn, and the values to try beside its default. */
interface Setting {
  readonly hop: 'source' | 'destination' | 'sink';
  readonly key: string;
  readonly values: readonly (string | number)[];
}

/** What docs/performance.md has a table of. */
const SETTINGS: readonly Setting[] = [
  { hop: 'source', key: 'checkpoint_rows', values: [10_000, 1_000_000] },
  { hop: 'destination', key: 'batch_bytes', values: [131_072, 1_000_000] },
  { hop: 'destination', key: 'topic_partitions', values: [1, 8] },
  { hop: 'destination', key: 'compression_type', values: ['lz4', 'snappy', 'zstd', 'gzip'] },
  { hop: 'sink', key: 'flush.max.bytes', values: [4_194_304, 67_108_864] },
  { hop: 'sink', key: 'flush.interval.ms', values: [20, 1_000] },
];

/** A hop under one setting other than its default, or under the defaults where `label` is empty. */
export interface Variant<Hop> {
  readonly hop: Hop;
  readonly label: string;
  readonly with: Overrides;
}

/** Each hop as it comes, then with one setting after the other turned, over what `before` turns for all of them. */
export function variants(only: ReadonlySet<string>, before: Overrides): Variant<Setting['hop']>[] {
  const settings = SETTINGS.filter(({ hop }) => only.has(hop));
  const defaults = [...new Set(settings.map(({ hop }) => hop))].map((hop) => ({ hop, label: '', with: before }));
  const turned = settings.flatMap(({ hop, key, values }) =>
    values.map((value) => ({
      hop,
      label: `${key}=${value}`,
      with: override(`${hop}.${key}=${value}`, before),
    })),
  );
  return [...defaults, ...turned];
}
