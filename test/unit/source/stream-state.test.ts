import fc from 'fast-check';
import { everything, rulesAfterStop } from '../../../source-ewallet/src/position/resume-rules';
import { formatStreamState, parseStreamState } from '../../../source-ewallet/src/position/stream-state';
import { formatRanges, parseRanges, rangesOf } from '../../../source-ewallet/src/position/xid-ranges';
import { snapshot } from '../../support/source/snapshots';

describe('state', () => {
  test('is the same after it went through JSON, unfinished rules included', () => {
    const seen = rangesOf([1001n, 1003n, 1004n]);
    const current = { ...snapshot(1000n, 1010n), seen };
    const state = {
      mode: 'incremental' as const,
      isComplete: true,
      generationId: 3,
      cursorField: 'updated_at',
      cursor: '2026-01-02 03:04:05+00',
      columns: new Map([['id', { number: 1, type: 'int64' }]]),
      rules: rulesAfterStop(everything, current, { table: 1, block: 7 }),
    };
    const json = JSON.parse(JSON.stringify(formatStreamState(state))) as Record<string, unknown>;
    expect(parseStreamState(json, 'public.t')).toEqual(state);
    expect(json).toMatchObject({
      version: 1,
      cursor: '2026-01-02 03:04:05+00',
      snapshot: { below: '1000', seen: ['1001', '1003-1004'] },
    });
  });

  test.each([
    [
      { cursor: 'x' },
      'The state of stream public.t is not one of this source: reset the stream to read it again from the start.',
    ],
    [
      { version: 2 },
      'The state of stream public.t was written by a newer version of this source: use that version, or reset the stream.',
    ],
    [
      { version: 1, mode: 'cdc' },
      'The state of stream public.t is damaged: reset the stream to read it again from the start.',
    ],
  ])('%j is refused', (value, message) => {
    expect(() => parseStreamState(value, 'public.t')).toThrow(message);
  });

  test('ranges of transaction ids hold the ids they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 60n)), (xids) => {
        const ranges = parseRanges(formatRanges(rangesOf(xids))) ?? [];
        const back = ranges.flatMap(([first, last]) =>
          Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index)),
        );
        expect(new Set(back)).toEqual(new Set(xids));
      }),
    );
  });
});
