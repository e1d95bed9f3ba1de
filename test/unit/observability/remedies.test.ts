import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { remedies } from '../../support/pipeline/remedy';

/** Names that the tests under version control, or about to be, walk. */
function walked(): readonly string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'test/*.test.ts'], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
  });
  const texts = files
    .trim()
    .split('\n')
    .map((file) => readFileSync(path.join(PROJECT_ROOT, file), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/\b(?:walk|byHand)\('([^']+)'/g)].map(([, name = '']) => name));
}

/** Entries whose remedy nothing has walked so far. */
const OPEN = [
  'LatencyHigh',
  'RealtimeCheckpointsLate',
  'RealtimeJobNotRunning',
  'RealtimeLag',
  'RealtimeRestarts',
  'RejectedRecords',
  'flink-checkpoints-late',
  'flink-lag',
  'kafka-no-leader',
];

test('each entry of troubleshooting, by verdict and by alert, is walked by a test that broke the thing', () => {
  expect([...new Set([...walked(), ...OPEN])].sort()).toEqual([...remedies().keys()].sort());
});
