import { Random, Weighted } from '../../../tools/demo/src/simulator/random';

test('the first numbers of a seed never change: data made from it would', () => {
  const random = new Random(42, 1);
  expect([random.bits(), random.bits(), random.bits(), random.uuid()]).toEqual([
    515173307,
    3829796583,
    2325542091,
    '68e0f28c-9a6d-49ef-b79a-563080a56978',
  ]);
});

test('streams of one seed differ, and so do seeds that differ only above 32 bits', () => {
  const first = (seed: number, stream: number) => new Random(seed, stream).bits();
  expect(new Set([first(1, 1), first(1, 2), first(2, 1), first(1 + 2 ** 40, 1)]).size).toBe(4);
});

test('a uuid says version 4 and the RFC variant', () => {
  const random = new Random(7, 7);
  for (let i = 0; i < 100; i++) {
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('weighted choices come in proportion, within one per cent of 100,000 draws', () => {
  const random = new Random(1, 1);
  const choice = new Weighted([
    ['often', 3],
    ['rarely', 1],
  ]);
  let often = 0;
  for (let i = 0; i < 100_000; i++) if (choice.pick(random) === 'often') often += 1;
  expect(Math.abs(often / 100_000 - 0.75)).toBeLessThan(0.01);
});
