import { steadyNow } from '../../../../source-ewallet/src/capture/steady-clock';

test('what is due and what has been silent is counted on while the machine’s clock is set back and ahead', () => {
  const real = Date.now();
  const before = steadyNow();
  expect(Number.isInteger(before)).toBe(true); // it is sent to PostgreSQL as a whole number
  jest.useFakeTimers({ doNotFake: ['performance', 'hrtime', 'nextTick', 'setImmediate', 'setTimeout', 'setInterval'] });
  try {
    for (const hours of [-1, 1]) {
      jest.setSystemTime(real + hours * 3_600_000);
      const now = steadyNow();
      expect(now).toBeGreaterThanOrEqual(before);
      expect(now - before).toBeLessThan(1_800_000);
    }
  } finally {
    jest.useRealTimers();
  }
});
