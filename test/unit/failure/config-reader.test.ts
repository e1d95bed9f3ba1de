import { ConfigReader } from '@ewallet/failure';

const wrong = new ConfigReader({ name: 5, rate: -1, words: ['a', ''], inner: 'x', ready: 'yes', kind: 'c' }, 'part');

test.each([
  [() => new ConfigReader([], ''), 'The configuration must be a JSON object.'],
  [() => new ConfigReader('x', 'part'), '`part` must be a JSON object.'],
  [() => wrong.text('missing'), '`part.missing` is missing.'],
  [() => wrong.text('name'), '`part.name` must be text.'],
  [() => wrong.atLeastZero('rate', 1), '`part.rate` must be a number from 0 up.'],
  [() => wrong.textOrTexts('words'), '`part.words` must be text, or a list of texts.'],
  [() => wrong.object('inner'), '`part.inner` must be a JSON object.'],
  [() => wrong.flag('ready', true), '`part.ready` must be true or false.'],
  [() => wrong.oneOf('kind', ['a', 'b'], 'a'), '`part.kind` must be one of a, b.'],
  [
    () => {
      new ConfigReader({ taget: 'x' }, 'dbt').only('max_age_seconds', 'target');
    },
    'Unknown key `dbt.taget`: did you mean `dbt.target`?',
  ],
  [() => new ConfigReader({ words: [] }, '').textOrTexts('words'), '`words` must be text, or a list of texts.'],
])('what is wrong is told with the key as the file has it, in backquotes: %#', (read, message) => {
  expect(read).toThrow(message);
});

test('null and an empty text are an empty field, and a number may come as text, as from Airbyte’s forms', () => {
  const reader = new ConfigReader({ a: null, b: '', c: '5', d: 'x', e: 0.5 }, '');
  expect([reader.text('a', 'none'), reader.text('b', 'none'), reader.optionalNumber('b')]).toEqual([
    'none',
    'none',
    undefined,
  ]);
  expect([reader.optionalNumber('c'), reader.textOrTexts('d'), reader.atLeastZero('e', 1)]).toEqual([5, ['x'], 0.5]);
  expect(() => {
    reader.finish();
  }).not.toThrow();
});
