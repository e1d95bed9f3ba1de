import { LogOutput } from '@ewallet/command-line';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { commandPath, runCommand } from '../../support/command';

jest.setTimeout(60_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-log-test-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const env = { ...process.env, EWALLET_LOG_FORMAT: 'json' };

interface Line {
  readonly level: string;
  readonly event: string;
}

/** The first four keys of each line, which must be these, and what level and event it has. */
function parsed(lines: readonly string[], part: string): readonly Line[] {
  return lines.map((text) => {
    const line = JSON.parse(text) as Record<string, string>;
    expect({ time: line.time, part: line.part }).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      part,
    });
    return { level: line.level ?? '', event: line.event ?? '' };
  });
}

test('every line of a sink with EWALLET_LOG_FORMAT=json has time, level, part and event', async () => {
  const config = path.join(directory, 'sink.json');
  await writeFile(
    config,
    JSON.stringify({
      name: 'wallet',
      topics: 'public.users',
      'consumer.override.bootstrap.servers': '127.0.0.1:1',
      'connection.url': 'postgresql://nobody:secret@127.0.0.1:1/warehouse',
      'value.converter.schema.registry.url': 'http://127.0.0.1:1',
      'rest.port': 0,
    }),
  );
  const sink = spawn(commandPath('sink-warehouse'), ['run', '--config', config], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(sink, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: sink.stderr })) {
    lines.push(line);
    if (line.includes('"retrying"')) sink.kill('SIGTERM');
  }
  await closed;
  expect(parsed(lines, 'sink-warehouse')).toEqual(
    expect.arrayContaining([
      { level: 'info', event: 'starting' },
      { level: 'warn', event: 'retrying' },
      { level: 'info', event: 'stopping' },
      { level: 'info', event: 'stopped' },
    ]),
  );
});

test('every line of ewallet-sync with EWALLET_LOG_FORMAT=json has them too, the last one included', async () => {
  const config = path.join(directory, 'sync.json');
  const connector = { command: ['/missing/connector'], config: {} };
  await writeFile(config, JSON.stringify({ source: connector, destination: connector, state_directory: 'state' }));
  const { code, stderr } = await runCommand('ewallet-sync', ['run', '--config', config], {
    env: { EWALLET_LOG_FORMAT: 'json' },
  });
  expect({ code, lines: parsed(stderr.trimEnd().split('\n'), 'ewallet-sync') }).toEqual({
    code: 2,
    lines: [
      { level: 'error', event: 'attempt failed' },
      { level: 'fatal', event: 'failed' },
    ],
  });
});

test('progress for people becomes lines of the log, and another program’s log stays as it is', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const log = new LogOutput('ewallet-audit', stream, 'json', () => new Date(0));
  log.write('3 of 7 streams\n{"time":"…","part":"ewallet-sync"}\n\n');
  log.complain('public.users differs');
  const time = '1970-01-01T00:00:00.000Z';
  expect(written).toEqual([
    `{"time":"${time}","level":"info","part":"ewallet-audit","event":"3 of 7 streams"}\n`,
    '{"time":"…","part":"ewallet-sync"}\n',
    `{"time":"${time}","level":"error","part":"ewallet-audit","event":"public.users differs"}\n`,
  ]);
});
