import { describeUnread, unreadSince } from '../../../../source-ewallet/src/capture/unread-columns';
import type { Column } from '../../../../source-ewallet/src/tables/table';

function column(name: string, number: number, kind: 'int32' | 'text' = 'text'): Column {
  return {
    name,
    number,
    type: { kind },
    nullable: true,
    isIndexed: false,
    wireType: { oid: kind === 'text' ? 25 : 23, modifier: -1 },
  };
}

const before = {
  columns: ['id', 'a', 'b', 'hidden'],
  carried: ['early'],
  rows: {
    mode: 'incremental' as const,
    isComplete: true,
    generationId: undefined,
    cursorField: undefined,
    cursor: undefined,
    columns: new Map([
      ['id', { number: 1, type: 'int32' }],
      ['a', { number: 2, type: 'text' }],
      ['b', { number: 3, type: 'int32' }],
    ]),
    rules: [],
  },
};
const id = column('id', 1, 'int32');

test.each([
  ['nothing happened', [id, column('a', 2)], undefined],
  ['a column was added without a value', [id, column('new', 5)], undefined],
  ['one was added with a value', [id, column('filled', 5)], 'filled'],
  ['one had values before the catalogue had it', [id, column('early', 5)], 'carried'],
  ['one has the number that another name had', [id, column('renamed', 2)], 'renamed'],
  ['one was dropped and added again', [id, column('a', 5)], 'replaced'],
  ['one has another type', [id, column('b', 3)], 'retyped'],
  ['one was there and not chosen', [id, column('hidden', 4)], 'not chosen'],
])('where %s', (_, chosen, why) => {
  const expected = why === undefined ? [] : [{ name: chosen[1]?.name, why }];
  expect(unreadSince(before, chosen, new Set(['filled']))).toEqual(expected);
});

test('a state of before columns were kept says nothing of names, types and choice', () => {
  const old = { ...before, rows: { ...before.rows, columns: undefined } };
  const chosen = [id, column('b', 3), column('hidden', 4), column('filled', 5)];
  expect(unreadSince(old, chosen, new Set(['filled']))).toEqual([{ name: 'filled', why: 'filled' }]);
});

test('columns are named by what became of them', () => {
  const unread = [
    { name: 'level', why: 'filled' as const },
    { name: 'note', why: 'retyped' as const },
    { name: 'rank', why: 'filled' as const },
  ];
  expect(describeUnread(unread)).toBe('level, rank came with values for rows that were there; note is of another type');
});
