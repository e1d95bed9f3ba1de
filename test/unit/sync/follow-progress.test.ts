import { FollowProgress } from '../../../sync/src/follow-progress';

test('lag grows while the source measures nothing, as it is down or waits for the destination', () => {
  const progress = new FollowProgress();
  expect(progress.status(0)).toEqual({
    isConnected: false,
    records: 0,
    states: 0,
    restarts: 0,
    lagBytes: undefined,
    lagSeconds: undefined,
  });
  progress.connected();
  progress.acknowledged(10);
  progress.acknowledged(0);
  progress.measured('ewallet_cdc_lag', '{"bytes":1200,"seconds":0.4}', 1_000);
  progress.measured('something_else', 'no number', 1_000);
  expect(progress.status(6_000)).toEqual({
    isConnected: true,
    records: 10,
    states: 2,
    restarts: 0,
    lagBytes: 1_200,
    lagSeconds: 0.4,
  });
  progress.restarting();
  expect(progress.status(61_000)).toMatchObject({ isConnected: false, restarts: 1, lagSeconds: 60.4 });
});
