import { startStack, type RunningStack } from '@ewallet/local-stack';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { committedRecords } from '../../support/destination/committed-records';
import { catalogOf, recordLine, stateLine, traceError, withFiles } from '../../support/destination/destination-run';
import { FakeClock, fakeClockIsAvailable } from '../../support/fake-clock';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

const PROGRAM = path.resolve(__dirname, '../../../destination-kafka/bin/destination-kafka.js');
const HOUR = 3_600;
/** Records before each state. */
const CHECKPOINT = 50;

const withClocks = fakeClockIsAvailable() ? describe : describe.skip;

withClocks('a destination whose clock jumps', () => {
  let dir: string;
  let stack: RunningStack;
  let clock: FakeClock;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ewallet-destination-clocks-'));
    stack = await startStack({ dir, only: ['kafka', 'schemaRegistry'] });
    clock = new FakeClock();
  });
  afterAll(async () => {
    await stack.stop();
    clock.remove();
    await rm(dir, { recursive: true, force: true });
  });

  interface Ended {
    readonly code: unknown;
    readonly stdout: string;
  }

  /** A run of the program under the clock, which stands at each offset, in seconds, for one checkpoint. */
  async function write(
    stream: { readonly name: string; readonly namespace: string },
    offsets: readonly number[],
  ): Promise<Ended> {
    const { kafka, schemaRegistry } = stack.connections;
    const files = {
      'config.json': { bootstrap_servers: kafka.bootstrapServers, schema_registry: { url: schemaRegistry.url } },
      'catalog.json': catalogOf([{ ...stream, properties: { id: { type: 'integer' } } }]),
    };
    return withFiles(files, async (folder) => {
      clock.jumpTo(offsets[0] ?? 0);
      const child = spawn(
        process.execPath,
        [
          PROGRAM,
          'write',
          '--config',
          path.join(folder, 'config.json'),
          '--catalog',
          path.join(folder, 'catalog.json'),
        ],
        { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...clock.env } },
      );
      const closed = once(child, 'close');
      child.stdin.on('error', () => undefined);
      let stdout = '';
      let heard: () => void = () => undefined;
      createInterface({ input: child.stdout }).on('line', (line) => {
        stdout += `${line}\n`;
        if (line.includes('"STATE"')) heard();
      });
      for (const [round, offset] of offsets.entries()) {
        clock.jumpTo(offset);
        const acknowledged = new Promise<void>((resolve) => {
          heard = resolve;
        });
        for (let id = round * CHECKPOINT + 1; id <= (round + 1) * CHECKPOINT; id += 1) {
          child.stdin.write(recordLine(stream, `{"id":${id}}`));
        }
        child.stdin.write(stateLine(stream, { round }));
        await Promise.race([acknowledged, closed]);
      }
      child.stdin.end();
      const [code] = (await closed) as [unknown];
      return { code, stdout };
    });
  }

  async function ids({ name }: { readonly name: string }): Promise<readonly number[]> {
    const { kafka, schemaRegistry } = stack.connections;
    const records = await committedRecords({ brokers: [kafka.bootstrapServers] }, schemaRegistry.url, `public.${name}`);
    return records.map(({ value }) => (value as { id: number }).id).sort((a, b) => a - b);
  }

  const upTo = (rounds: number): readonly number[] => Array.from({ length: rounds * CHECKPOINT }, (_, at) => at + 1);

  test('by half an hour, a day back and to where it was, between two checkpoints of a run, delivers each record once', async () => {
    const stream = { name: uniqueName('jumping'), namespace: 'public' };
    const { code } = await write(stream, [0, HOUR / 2, -24 * HOUR, 0, -HOUR, HOUR / 2]);
    expect({ code, ids: await ids(stream) }).toEqual({ code: 0, ids: upTo(6) });
  });

  test('by three hours ahead of the brokers’ fails with what to do and delivers nothing, and all of it once it is set right', async () => {
    const stream = { name: uniqueName('ahead'), namespace: 'public' };
    const { code, stdout } = await write(stream, [3 * HOUR]);
    expect({ code, error: traceError(stdout) }).toEqual({
      code: 1,
      error: {
        kind: 'transient_error',
        message: `Kafka could not write to topic public.${stream.name}: the clock of this machine and the brokers' are further apart than the topic allows (message.timestamp.after.max.ms, by default an hour). Set both by NTP; the next sync continues from the last state.`,
      },
    });
    expect(await ids(stream)).toEqual([]);
    expect((await write(stream, [0])).code).toBe(0);
    expect(await ids(stream)).toEqual(upTo(1));
  });
});
