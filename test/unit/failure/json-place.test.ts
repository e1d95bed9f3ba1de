import { jsonFault } from '@ewallet/failure';
import { assert, json, property } from 'fast-check';

test.each([
  ['', 'line 1, column 1'],
  ['a: 1\n', 'line 1, column 1'],
  ['{', 'line 1, column 2'],
  ['{"a": 1,}', 'line 1, column 9'],
  ['{"a": 1,\n  "b": 2,\n}', 'line 3, column 1'],
  ['{"a" 1}', 'line 1, column 6'],
  ['{a: 1}', 'line 1, column 2'],
  ['[1 2]', 'line 1, column 4'],
  ['[1}', 'line 1, column 3'],
  ['{"a": 01}', 'line 1, column 8'],
  ['{"a": "line\nbreak"}', 'line 1, column 7'],
  ['{"a": "\\x"}', 'line 1, column 7'],
  ["{'a': 1}", 'line 1, column 2'],
  ['{} {}', 'line 1, column 4'],
  ['{\n  // a comment\n}', 'line 2, column 3'],
  ['tru', 'line 1, column 1'],
])('%j stops being JSON at %s', (text, place) => {
  expect(jsonFault(text)).toBe(place);
  expect(() => {
    JSON.parse(text);
  }).toThrow();
});

test('what JSON.parse takes is read to its end', () => {
  assert(
    property(json({ depthSize: 'large' }), (text) => {
      expect(jsonFault(text)).toBe(`line 1, column ${text.length + 1}`);
    }),
  );
});
