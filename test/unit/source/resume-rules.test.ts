import fc from 'fast-check';
import { everything, rulesAfterStop, rulesForTable } from '../../../source-ewallet/src/position/resume-rules';
import { snapshot } from '../../support/source/snapshots';

describe('what a stopped sync leaves', () => {
  test('however often a sync is stopped, each row version is given exactly once', () => {
    // A model of a table: versions at blocks, each visible from a snapshot on until its row is written again.
    fc.assert(
      fc.property(
        fc.array(fc.record({ block: fc.nat(9), born: fc.nat(5), life: fc.integer({ min: 1, max: 6 }) }), {
          maxLength: 40,
        }),
        fc.array(fc.nat(11), { minLength: 5, maxLength: 5 }),
        (versions, stops) => {
          let rules = everything;
          const given = versions.map(() => 0);
          for (const [time, stop] of [...stops, 11].entries()) {
            const current = snapshot(BigInt(time * 10 + 10), BigInt(time * 10 + 10));
            const mine = rulesForTable(rules, 1, 10);
            const end = stop > 9 ? Number.POSITIVE_INFINITY : stop;
            for (const [index, { block, born, life }] of versions.entries()) {
              const isVisible = born <= time && time < born + life;
              const xid = BigInt(born * 10 + 5);
              const isWanted = mine.some(
                (rule) => block >= rule.block && (rule.kind === 'all' || xid >= rule.since.below),
              );
              if (isVisible && isWanted && block < end) given[index] = (given[index] ?? 0) + 1;
            }
            rules =
              end === Number.POSITIVE_INFINITY
                ? [{ since: current, from: undefined }]
                : rulesAfterStop(rules, current, { table: 1, block: stop });
          }
          versions.forEach(({ born, life }, index) => {
            expect(given[index]).toBeLessThanOrEqual(1);
            if (born <= 5 && born + life > 5) expect(given[index]).toBe(1); // alive at the end
          });
        },
      ),
    );
  });

  test('a table that the snapshot did not know is wanted whole: a partition attached since, a table swapped in', () => {
    expect(rulesForTable([{ since: snapshot(5n, 5n), from: undefined }], 2, 20)).toEqual([{ kind: 'all', block: 0 }]);
  });

  test('a table whose file changed is looked at from its first block', () => {
    const rules = rulesAfterStop(everything, snapshot(5n, 5n), { table: 1, block: 7 });
    expect(rulesForTable(rules, 1, 10).map(({ kind, block }) => [kind, block])).toEqual([
      ['all', 7],
      ['newer', 0],
    ]);
    expect(rulesForTable(rules, 1, 11).map(({ kind, block }) => [kind, block])).toEqual([
      ['all', 0],
      ['newer', 0],
    ]);
  });
});
