import fc from 'fast-check';
import { blockSteps } from '../../../source-ewallet/src/read/block-steps';

test('block steps cover every block once, in order, whatever they turn out to hold', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.nat(500),
      fc.integer({ min: 0, max: 200 }),
      fc.array(fc.nat(100_000), { maxLength: 20 }),
      (first, more, density, results) => {
        const steps = blockSteps(
          { first, end: first + more, rowsPerBlock: density },
          { rows: 1000, milliseconds: 1000 },
        );
        let expected = first;
        let last = false;
        for (let step = steps.next(), turn = 0; !step.done; turn += 1) {
          expect(step.value.first).toBe(expected);
          expect(step.value.end).toBeGreaterThan(step.value.first);
          expected = step.value.end;
          last = step.value.isLast;
          step = steps.next({ rows: results[turn % Math.max(1, results.length)] ?? 0, milliseconds: 5 });
        }
        expect(last).toBe(true);
        expect(expected).toBeGreaterThanOrEqual(first + more);
      },
    ),
  );
});

test('steps of statements that are cut off begin small, double at most, and take a quarter of that time', () => {
  const table = { first: 0, end: 2000, rowsPerBlock: 10 };
  const steps = blockSteps(table, { rows: 100_000, milliseconds: 30_000, cutOff: 4000 });
  const sizes: number[] = [];
  for (let step = steps.next(); !step.done;) {
    const blocks = step.value.end - step.value.first;
    sizes.push(blocks);
    // Ten milliseconds a block: a hundred of them are a quarter of the time.
    step = steps.next({ rows: blocks * 10, milliseconds: blocks * 10 });
  }
  expect(sizes.slice(0, 6)).toEqual([16, 32, 64, 100, 100, 100]);
});
