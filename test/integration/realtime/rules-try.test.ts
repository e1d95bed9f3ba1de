import { RealtimeCase } from '../../support/realtime/realtime-case';
import { createSmallWallet } from '../../support/realtime/small-wallet';

let live: RealtimeCase;

beforeAll(async () => {
  live = await RealtimeCase.open('try', (wallet) => ({
    topic_partitions: 1,
    products: ['alerts'],
    rules: { velocity_count: 3, failure_count: 4 },
    wallet: { 'connection.url': wallet.url },
  }));
  await createSmallWallet(live.client);
  // What is days old counts from now.
  await live.client.query(`
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, failure_reason, created_at, settled_at)
      select type, status, source, destination, 'USD', amount, channel, case status when 'failed' then 'x' end, at, at + interval '1 second'
      from (select *, date_trunc('day', now()) - day * interval '1 day' + minute * interval '1 minute' as at from (values
        -- Customer 1 pays four times within ten minutes, twice at the same moment; customer 2 three times, over eleven minutes.
        ('payment', 'completed', 1, 101, 1, 'app', 2, 0), ('payment', 'failed', 1, 101, 1, 'app', 2, 5),
        ('payment', 'completed', 1, 101, 1, 'app', 2, 10), ('payment', 'completed', 1, 101, 1, 'app', 2, 10),
        ('payment', 'completed', 2, 101, 1, 'qr', 2, 0), ('payment', 'completed', 2, 101, 1, 'qr', 2, 5),
        ('payment', 'completed', 2, 101, 1, 'qr', 2, 11),
        -- Long ago.
        ('payment', 'completed', 3, 101, 1, 'qr', 90, 0), ('payment', 'completed', 3, 101, 1, 'qr', 90, 1),
        ('payment', 'completed', 3, 101, 1, 'qr', 90, 2),
        -- Just below 10,000, three times within a day, and twice.
        ('top_up', 'completed', 100, 4, 9000, 'bank_transfer', 5, 0), ('top_up', 'completed', 100, 4, 9999, 'bank_transfer', 5, 600),
        ('top_up', 'completed', 100, 4, 9500, 'bank_transfer', 5, 1440), ('top_up', 'completed', 100, 5, 9500, 'bank_transfer', 5, 0),
        ('top_up', 'completed', 100, 5, 9500, 'bank_transfer', 5, 60),
        -- 90 % of what came in leaves again, and a little less.
        ('top_up', 'completed', 100, 6, 1000, 'card', 7, 0), ('withdrawal', 'completed', 6, 100, 900, 'agent', 7, 20),
        ('top_up', 'completed', 100, 7, 1000, 'card', 8, 0), ('withdrawal', 'completed', 7, 100, 890, 'agent', 8, 20),
        -- First withdrawals, and a second one that is large.
        ('withdrawal', 'completed', 8, 100, 5000, 'agent', 9, 0), ('withdrawal', 'completed', 8, 100, 9000, 'agent', 8, 700),
        ('withdrawal', 'completed', 9, 100, 4999, 'agent', 10, 300),
        -- Half of four refunds fail within five minutes.
        ('refund', 'failed', 101, 10, 1, 'app', 11, 0), ('refund', 'failed', 101, 11, 1, 'app', 11, 1),
        ('refund', 'completed', 101, 12, 1, 'app', 11, 2), ('refund', 'completed', 101, 13, 1, 'app', 11, 4)
      ) as given (type, status, source, destination, amount, channel, day, minute)) as dated;
    insert into user_activity (user_id, event, session_id, device, occurred_at)
      select 14, 'pin_failed', gen_random_uuid(), 'ios', now() - interval '1 day' + n * interval '1 minute' from generate_series(1, 6) n`);
});

afterAll(() => live.close());

test.each([
  ['velocity', ['--count', '2'], 'count 2', '5 alerts of 2 customers', 'count 3', '2 alerts of 1 customer'],
  [
    'velocity',
    ['--count', '2', '--days', '365'],
    'count 2',
    '7 alerts of 3 customers',
    'count 3',
    '3 alerts of 2 customers',
  ],
  ['structuring', ['--count', '2'], 'count 2', '3 alerts of 2 customers', 'count 3', '1 alert of 1 customer'],
  ['pin_failed_burst', ['--count', '6'], 'count 6', '1 alert of 1 customer', 'count 5', '2 alerts of 1 customer'],
  ['rapid_in_out', ['--share', '0.85'], 'share 0.85', '2 alerts of 2 customers', 'share 0.9', '1 alert of 1 customer'],
  [
    'first_large_cash_out',
    ['--share', '0.4'],
    'share 0.4',
    '2 alerts of 2 customers',
    'share 0.5',
    '1 alert of 1 customer',
  ],
  ['failure_rate_spike', ['--share', '0.6'], 'count 4, share 0.6', '0 alerts', 'count 4, share 0.5', '1 alert'],
])(
  '%s tried with %j is counted over the history of the e-wallet, and changes nothing',
  async (signal, change, ...lines) => {
    const [tried, triedAlerts, now, nowAlerts] = lines;
    expect(await live.run('rules try', signal, ...change)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `tried: ${tried}: ${triedAlerts}\nnow: ${now}: ${nowAlerts}\n`,
    });
  },
);

test('a rule that is off says so beside what it would raise', async () => {
  await live.run('rules set', 'failure_rate_spike', '--off', '--why', 'provider replaced');
  expect((await live.run('rules try', 'failure_rate_spike', '--share', '0.6')).stdout).toBe(
    'tried: count 4, share 0.6: 0 alerts\nnow: off, else count 4, share 0.5: 1 alert\n',
  );
});

test('a rule that could not be set cannot be tried, and what has no threshold is named', async () => {
  expect(await live.run('rules try', 'velocity', '--count', '1')).toMatchObject({
    code: 2,
    stderr: 'ewallet-realtime: --count of velocity must be from 2 to 1000000.\n',
  });
  expect(await live.run('rules try', 'dormant_account_wakes')).toMatchObject({
    code: 2,
    stderr: 'ewallet-realtime: The signal dormant_account_wakes has no threshold to try.\n',
  });
  expect((await live.run('rules history', 'velocity')).stdout).toBe('');
});
