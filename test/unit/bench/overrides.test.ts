import { NO_OVERRIDES, override } from '../../../tools/bench/src/session/overrides';

test('settings add up by part, their values JSON where they are', () => {
  const texts = [
    'destination.compression_type=zstd',
    'sink.flush.max.bytes=1048576',
    'source.ssl_mode={"mode":"require"}',
  ];
  expect(texts.reduce((before, text) => override(text, before), NO_OVERRIDES)).toEqual({
    source: { ssl_mode: { mode: 'require' } },
    destination: { compression_type: 'zstd' },
    sink: { 'flush.max.bytes': 1_048_576 },
  });
});

test.each(['zstd', 'broker.compression=zstd', 'sink.flush'])('%s is refused', (text) => {
  expect(() => override(text, NO_OVERRIDES)).toThrow(
    `--with wants <source|destination|sink>.<key>=<value>, not ${text}.`,
  );
});
