import type { EwalletConfig } from '../../../pipeline/src/config/parts';
import type { SyncFacts } from '../../../pipeline/src/probe/sync';
import { factsOf } from '../../../pipeline/src/probe/airbyte';
import type { FlinkFacts } from '../../../pipeline/src/probe/flink';
import { probe } from '../../../pipeline/src/probe/probe';
import type { WarehouseFacts } from '../../../pipeline/src/probe/warehouse';
import { textReport } from '../../../pipeline/src/report/text-report';
import { bytes, duration } from '../../../pipeline/src/verdict/amounts';
import { judgeDbt } from '../../../pipeline/src/verdict/dbt';
import { judgeEwallet } from '../../../pipeline/src/verdict/ewallet';
import { judgeKafka } from '../../../pipeline/src/verdict/kafka';
import { judgeRealtime } from '../../../pipeline/src/verdict/realtime';
import { judgeSink } from '../../../pipeline/src/verdict/sink';
import { judgeStreams } from '../../../pipeline/src/verdict/streams';
import { judgeSync } from '../../../pipeline/src/verdict/sync';
import { exitCodeOf, FINDING_CODES, type Line } from '../../../pipeline/src/verdict/verdict';
import { judgeAudit } from '../../../pipeline/src/verdict/warehouse';
import { read } from '../docs/markdown';

const now = new Date('2026-11-27T12:00:00Z');
const before = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);
const answered = <T>(value: T) => ({ kind: 'answered', value }) as const;
const codes = ({ findings }: Line): string[] => findings.map(({ code, verdict }) => `${verdict} ${code}`);

const success = { at: before(240), attempts: 1, records: 1_204, seconds: 3.1, streams: {} };
const idle: SyncFacts = {
  runningSince: undefined,
  lastSuccess: success,
  lastFailure: undefined,
  next: undefined,
  isProcessGone: false,
  isFollowing: false,
  acknowledgedAt: undefined,
};
const limits = { hop: 'sync', subject: 'wallet', maxAgeSeconds: 3_600 } as const;
const failure = { at: before(10), kind: 'transient_error', message: 'no luck', isFinal: true };

test.each<[string, Partial<SyncFacts>, readonly string[]]>([
  ['waits for its next sync', { next: before(-600) }, []],
  ['is a few seconds late', { next: before(30) }, []],
  ['is a minute late, with nothing running', { next: before(61) }, ['down scheduler-dead']],
  ['is late and runs', { next: before(600), runningSince: before(700) }, []],
  ['was killed between two syncs', { next: before(-600), isProcessGone: true }, ['down scheduler-dead']],
  ['was killed in a sync', { isProcessGone: true }, ['degraded sync-killed']],
  ['failed after a fresh success', { lastFailure: failure }, ['degraded sync-failed']],
  [
    'failed and has no fresh success',
    { lastFailure: failure, lastSuccess: { ...success, at: before(3_601) } },
    ['down sync-failed'],
  ],
  [
    'failed once and tries again',
    { lastFailure: { ...failure, isFinal: false }, lastSuccess: undefined, runningSince: before(3) },
    ['degraded sync-failed'],
  ],
  ['succeeded too long ago', { lastSuccess: { ...success, at: before(3_601) } }, ['degraded sync-late']],
  ['never succeeded', { lastSuccess: undefined }, ['degraded sync-never-ran']],
  ['follows changes', { isFollowing: true, lastSuccess: undefined, runningSince: before(86_401) }, []],
  [
    'followed changes and was killed',
    { isFollowing: true, lastSuccess: undefined, isProcessGone: true },
    ['down scheduler-dead'],
  ],
  ['followed changes and was stopped', { isFollowing: true, lastSuccess: undefined }, ['degraded sync-late']],
])('a scheduler that %s', (_, facts, expected) => {
  expect(codes(judgeSync(limits, answered({ ...idle, ...facts }), now))).toEqual(expected);
});

test("Airbyte's jobs say the last success and what failed after it", () => {
  const job = (jobId: number, status: string, startTime: string) => ({
    jobId,
    status,
    startTime,
    lastUpdatedAt: startTime,
    duration: 'PT1M2.5S',
    rowsSynced: 7,
  });
  const facts = factsOf(
    [
      job(4, 'running', '2026-11-27T11:59:00Z'),
      job(3, 'failed', '2026-11-27T11:50:00Z'),
      job(2, 'succeeded', '2026-11-27T11:40:00Z'),
      job(1, 'failed', '2026-11-27T11:30:00Z'),
    ],
    now,
  );
  expect(facts).toEqual({
    runningSince: new Date('2026-11-27T11:59:00Z'),
    lastSuccess: { at: new Date('2026-11-27T11:40:00Z'), attempts: 1, records: 7, seconds: 62.5, streams: {} },
    lastFailure: {
      at: new Date('2026-11-27T11:50:00Z'),
      kind: 'system_error',
      message: 'job 3 is failed',
      isFinal: true,
    },
    next: undefined,
    isProcessGone: false,
    isFollowing: false,
    acknowledgedAt: new Date('2026-11-27T11:59:00Z'),
  });
});

const connection = {
  host: 'db',
  port: 5432,
  database: 'wallet',
  username: 'reader',
  password: undefined,
  ssl: { mode: 'prefer' },
} as const;
const ewallet: EwalletConfig = {
  connection,
  tunnel: { kind: 'none' },
  slot: 'ours',
  openTransactionSeconds: 3_600,
  retainedWalBytes: 2 ** 30,
};
const slot = { name: 'ours', isActive: false, walStatus: 'reserved', retainedBytes: 0 };
const wallet = {
  isStandby: false,
  lastCommitSeconds: 2,
  oldestTransactionSeconds: 0,
  hiddenSessions: 0,
  slots: [slot],
  clockSkewSeconds: 0,
};

test.each<[string, Partial<typeof wallet>, readonly string[]]>([
  ['is well', {}, []],
  ['has a clock that is six seconds ahead', { clockSkewSeconds: 6 }, ['degraded clock-skew']],
  ['has a clock that is six seconds behind', { clockSkewSeconds: -6 }, ['degraded clock-skew']],
  [
    'has a transaction that is open for an hour',
    { oldestTransactionSeconds: 3_600 },
    ['degraded ewallet-old-transaction'],
  ],
  ['lost WAL of the slot', { slots: [{ ...slot, walStatus: 'lost' }] }, ['down slot-lost']],
  [
    "lost WAL of another's slot",
    { slots: [slot, { ...slot, name: 'theirs', walStatus: 'lost' }] },
    ['degraded slot-lost'],
  ],
  ['will soon lose WAL of the slot', { slots: [{ ...slot, walStatus: 'unreserved' }] }, ['degraded slot-retains-wal']],
  ['keeps a gibibyte for the slot', { slots: [{ ...slot, retainedBytes: 2 ** 30 }] }, ['degraded slot-retains-wal']],
  ['has no such slot', { slots: [] }, ['down slot-missing']],
])('an e-wallet that %s', (_, facts, expected) => {
  expect(codes(judgeEwallet(ewallet, answered({ ...wallet, ...facts })))).toEqual(expected);
});

const landed: WarehouseFacts = {
  clockSkewSeconds: 0,
  refused: [],
  hasSinkSchema: true,
  partitions: [{ topic: 't', partition: 0, nextOffset: 5, landedAt: before(30), owner: 'host/1/x' }],
  tables: [{ topic: 't', stream: 'public.t', table: 'raw.t' }],
  deadLetters: [],
  target: undefined,
  audits: [],
};
const group = { state: 'Stable', members: [{ clientId: 'sink', host: '/1' }] };
const kafka = {
  partitions: [{ topic: 't', partition: 0, end: 9, waitingSince: before(301) }],
  leaderless: [],
  group,
  ageUnknown: undefined,
};
const sink = { name: 'wallet', groupId: 'connect-wallet', instances: [], credentials: undefined, lagSeconds: 300 };

test('lag is the offsets that have not landed, and the age of the oldest record among them', () => {
  const [line] = judgeStreams(300, { sync: undefined, kafka: answered(kafka), warehouse: answered(landed) }, now);
  expect(line).toMatchObject({
    subject: 'public.t',
    says: ['t ends at 9', 'lag 4 records, 5 min', 'landed 30 s ago in raw.t'],
    facts: { lag_records: 4, lag_seconds: 301 },
    findings: [{ code: 'sink-lag', says: '4 records wait, the oldest for 5 min' }],
  });
});

test('lag whose age nobody could tell in time is records alone, Kafka says why, and neither is in trouble for it', () => {
  const ageless = answered({
    ...kafka,
    partitions: [{ topic: 't', partition: 0, end: 9, waitingSince: undefined }],
    ageUnknown: 'no answer within 1 s',
  });
  const [line] = judgeStreams(0, { sync: undefined, kafka: ageless, warehouse: answered(landed) }, now);
  expect(line).toMatchObject({
    says: ['t ends at 9', 'lag 4 records, of an age that is not known', 'landed 30 s ago in raw.t'],
    facts: { lag_records: 4, lag_seconds: null },
    findings: [],
  });
  expect(judgeKafka('k', ageless)).toMatchObject({
    says: [
      '1 topic',
      '1 partition',
      'end offsets add up to 9',
      'the age of what waits is not known: no answer within 1 s',
    ],
    findings: [],
  });
});

test('lag is not said where the role may not read the offsets: it would be the whole topic', () => {
  const [line] = judgeStreams(
    0,
    {
      sync: undefined,
      kafka: answered(kafka),
      warehouse: answered({ ...landed, partitions: [], refused: ['sink.offsets'] }),
    },
    now,
  );
  expect(line?.facts).toMatchObject({ lag_records: null, lag_seconds: null });
});

const rest = (state: string, reason?: string) => ({
  url: 'http://a',
  asked: answered({ url: 'http://a', state, reason }),
});
const silent = { url: 'http://a', asked: { kind: 'failed', reason: 'refused' } } as const;
test.each([
  ['one that runs', { kafka: answered(kafka), instances: [rest('RUNNING')] }, []],
  [
    'one that retries',
    { kafka: answered(kafka), instances: [rest('RESTARTING', 'Kafka is away')] },
    ['degraded sink-failing'],
  ],
  ['one that failed', { kafka: answered(kafka), instances: [rest('FAILED', 'bad record')] }, ['down sink-failing']],
  [
    'two in the group of which one does not answer',
    {
      kafka: answered({ ...kafka, group: { ...group, members: [...group.members, ...group.members] } }),
      instances: [silent],
    },
    ['degraded sink-unreachable'],
  ],
  ['one in the group that does not answer', { kafka: answered(kafka), instances: [silent] }, ['down sink-not-running']],
  [
    'nobody in the group',
    { kafka: answered({ ...kafka, group: { state: 'Empty', members: [] } }), instances: [] },
    ['down sink-not-running'],
  ],
  ['nothing that could be asked', { kafka: undefined, instances: [] }, ['unknown sink-unreachable']],
])('a sink with %s', (_, evidence, expected) => {
  expect(codes(judgeSink(sink, { ...evidence, warehouse: undefined }, now))).toEqual(expected);
});

test('a stopped sink whose group is empty is as it was asked to be', () => {
  const target = { state: 'STOPPED', since: before(7_200) };
  const empty = answered({ ...kafka, group: { state: 'Empty', members: [] } });
  const line = judgeSink(sink, { kafka: empty, instances: [], warehouse: answered({ ...landed, target }) }, now);
  expect(line.findings).toEqual([
    {
      code: 'sink-stopped',
      verdict: 'degraded',
      says: 'an operator asked it to be STOPPED 2 h ago, and nothing lands since',
      next: 'When that is over: curl -X PUT <rest>/connectors/wallet/resume',
    },
  ]);
});

test('partitions without a leader are down, missing topics degraded', () => {
  const leaderless = [{ topic: 't', partition: 3 }];
  expect(codes(judgeKafka('k', answered({ ...kafka, leaderless })))).toEqual(['down kafka-no-leader']);
  expect(codes(judgeKafka('k', answered({ ...kafka, partitions: [] })))).toEqual(['degraded kafka-no-topics']);
});

const flink: FlinkFacts = {
  url: 'http://flink:8081',
  state: 'RUNNING',
  isActive: true,
  tasks: { running: 14, total: 14 },
  restarts: 0,
  lastFailure: undefined,
  checkpoints: { completed: 900, failed: 0, lastAt: before(2) },
  startedAt: before(1_800),
  lagRecords: 0,
};
const job = {
  job: 'ewallet-realtime realtime',
  at: { kind: 'url', url: flink.url },
  headers: {},
  checkpointAgeSeconds: 60,
  lagRecords: 10_000,
} as const;
const noCheckpoint = { completed: 0, failed: 0, lastAt: undefined };

test.each<[string, Partial<FlinkFacts>, readonly string[]]>([
  ['runs', {}, []],
  ['runs and restarted yesterday', { restarts: 3, lastFailure: 'java.net.ConnectException' }, []],
  ['is not known to the cluster', { state: undefined, isActive: false }, ['down flink-no-job']],
  ['was stopped', { state: 'FINISHED', isActive: false }, ['down flink-no-job']],
  ['is being started again', { state: 'RESTARTING', tasks: { running: 0, total: 14 } }, ['down flink-not-running']],
  ['waits for a slot', { tasks: { running: 13, total: 14 } }, ['down flink-not-running']],
  [
    'has committed nothing for a minute',
    { checkpoints: { ...flink.checkpoints, lastAt: before(61) } },
    ['degraded flink-checkpoints-late'],
  ],
  ['has just started', { checkpoints: noCheckpoint, startedAt: before(60) }, []],
  [
    'never committed anything',
    { checkpoints: noCheckpoint, startedAt: before(61) },
    ['degraded flink-checkpoints-late'],
  ],
  ['has as many records to read as may be', { lagRecords: 10_000 }, []],
  ['is behind its topics', { lagRecords: 10_001 }, ['degraded flink-lag']],
  ['does not say how far it is', { lagRecords: undefined }, []],
])('a real-time job that %s', (_, facts, expected) => {
  expect(codes(judgeRealtime(job, answered({ ...flink, ...facts }), now))).toEqual(expected);
});

test('a Flink that does not answer is down, with the next step for where it runs', () => {
  const failed = { kind: 'failed', reason: 'no answer within 1.4 s' } as const;
  const next = (at: Parameters<typeof judgeRealtime>[0]['at']) =>
    judgeRealtime({ ...job, at }, failed, now).findings.map((found) => found.next);
  expect([next(job.at), next({ kind: 'directory', directory: '/d' })]).toEqual([
    [
      'Start the Flink cluster, or correct its address; then `ewallet-realtime submit --config …` if it forgot the job.',
    ],
    ['Start it: `ewallet-realtime up --config … --detach` continues from the newest checkpoint.'],
  ]);
});

test('late sources of dbt are named, the fourth and later ones counted', () => {
  const run = {
    ranAt: before(60),
    command: 'build',
    passed: 1,
    warned: 0,
    failed: [],
    stale: ['a', 'b', 'c', 'd', 'e'],
  };
  expect(judgeDbt('target', 3_600, answered(run), now).findings).toMatchObject([
    { code: 'dbt-stale', says: 'late sources: a, b, c and 2 more' },
  ]);
});

test('an audit that is too old is degraded though it was equal', () => {
  const audits = [{ stream: 'public.t', finishedAt: before(3_601), equal: true, findings: 0, isPartial: false }];
  expect(codes(judgeAudit(3_600, answered({ ...landed, audits }), now))).toEqual(['degraded audit-old']);
});

test('the text names each troubled hop once at its end, and what nobody can say is not healthy', () => {
  const lines = [judgeSink(sink, { kafka: undefined, instances: [], warehouse: undefined }, now)];
  expect({ code: exitCodeOf(lines), text: textReport(lines, now, false) }).toEqual({
    code: 1,
    text: [
      '?         sink  wallet',
      '          neither Kafka nor the warehouse nor a REST API can say [sink-unreachable]',
      '          → Bring those back first, or give `sink.instances` the URLs of the REST APIs.',
      'Degraded at 2026-11-27 12:00:00 UTC: sink. docs/troubleshooting.md explains each name in brackets.',
      '',
    ].join('\n'),
  });
});

test('a part that does not answer is given up by the limit, and is told so', async () => {
  let over: AbortSignal | undefined;
  const asked = await probe(5, async (signal) => {
    over = signal;
    return new Promise<never>(() => undefined);
  });
  expect({ asked, told: over?.aborted }).toEqual({
    asked: {
      kind: 'failed',
      reason: 'no answer within 0.005 s; --timeout 10 tells silent from slow',
    },
    told: true,
  });
});

test('durations and bytes are in the largest unit that says enough', () => {
  expect([0.0004, 0.85, 1, 89, 90, 5_399, 5_400, 172_799, 172_800].map(duration)).toEqual([
    '0 ms',
    '850 ms',
    '1 s',
    '89 s',
    '2 min',
    '90 min',
    '2 h',
    '48 h',
    '2 d',
  ]);
  expect([0, 1_023, 1_024, 1.5 * 2 ** 30, 2 ** 50].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 GiB',
    '1024.0 TiB',
  ]);
});

test('docs/troubleshooting.md explains every finding, and none that does not exist', () => {
  const explained = [...read('docs/troubleshooting.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(explained).toEqual([...FINDING_CODES]);
});
