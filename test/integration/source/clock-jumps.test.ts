import { sourceConfig } from '../../support/configurations';
import { FakeClock, fakeClockIsAvailable } from '../../support/fake-clock';
import { capture, captureConfig, errorOf, type GlobalState } from '../../support/source/captured-wallet';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  warnings,
  type StreamState,
} from '../../support/source/wallet-source';

jest.setTimeout(240_000);

const DAY = 86_400;
/** Where the e-wallet's clock stands in each round, against the machine's, in seconds. */
const JUMPS = [0, 365 * DAY, -DAY, -365 * DAY, 0];

const withClocks = fakeClockIsAvailable() ? describe : describe.skip;

withClocks('an e-wallet whose clock jumps by a year, there and back, between syncs', () => {
  let family: ServerFamily;
  let clock: FakeClock;
  let wallet: WalletServer;

  beforeEach(async () => {
    family = await ServerFamily.make();
    clock = new FakeClock();
    wallet = await family.start('wallet', { env: clock.env });
    await wallet.run(`create table payments (id int generated always as identity primary key, round int,
      updated_at timestamptz default clock_timestamp()); create publication wallet for all tables`);
  });
  afterEach(async () => {
    await family.end();
    clock.remove();
  });

  /** Ten new rows, and the first row written again. */
  async function trade(round: number): Promise<readonly number[]> {
    clock.jumpTo(JUMPS[round] ?? 0);
    await wallet.run(`insert into payments (round) select ${round} from generate_series(1, 10)`);
    await wallet.run(`update payments set round = ${round}, updated_at = clock_timestamp() where id = 1`);
    return [...new Set([1, ...Array.from({ length: 10 }, (_, index) => round * 10 + index + 1)])];
  }
  const ids = (rows: readonly Record<string, unknown>[]): readonly number[] =>
    rows.map(({ id }) => Number(id)).sort((a, b) => a - b);

  test.each([
    ['the lossless cursor', {}],
    ['Window', { replication_method: { method: 'Window' } }],
  ])('%s gives each row version once', async (_, more) => {
    const config = sourceConfig(wallet.connection, more);
    const catalog = await configuredCatalog(config, 'incremental', ['payments']);
    const streams = catalog.streams.map((stream) => ({ ...stream, cursor_field: ['updated_at'] }));
    let state: readonly StreamState[] = [];
    for (const round of JUMPS.keys()) {
      const written = await trade(round);
      const result = await runWalletSource('read', config, { streams }, { state });
      expect({ code: result.code, ids: ids(records(result)) }).toEqual({ code: 0, ids: written });
      state = lastStates(result, state);
    }
    const idle = await runWalletSource('read', config, { streams }, { state });
    expect(records(idle)).toEqual([]);
  });

  test('captured changes come once and in order, with no warning', async () => {
    const config = captureConfig(wallet.connection);
    const catalog = await configuredCatalog(config, 'incremental', ['payments']);
    let state: GlobalState | undefined = (await capture(config, catalog, undefined)).state;
    for (const round of JUMPS.keys()) {
      await trade(round);
      const result = await capture(config, catalog, state);
      expect({ error: errorOf(result), warnings: warnings(result) }).toEqual({ error: undefined, warnings: [] });
      const added = Array.from({ length: 10 }, (_, index) => round * 10 + index + 1);
      expect(records(result).map(({ id }) => id)).toEqual([...added, 1]);
      state = result.state;
    }
  });
});
