import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Acknowledgements } from '../../../sync/src/acknowledgements';
import { jsonMember } from '../../../sync/src/json-member';
import { parseMessage, type StateMessage } from '../../../sync/src/message';
import { NOTHING_SYNCED, nextSync, readStateFile, stateMessages, writeStateFile } from '../../../sync/src/state-file';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

test('a member’s text is found in any JSON object, whatever its spacing and its neighbours', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      for (const key of Object.keys(object)) {
        expect(JSON.parse(jsonMember(text, key) ?? '')).toEqual(JSON.parse(JSON.stringify(object[key])));
      }
      expect(jsonMember(text, 'no such key, surely')).toBe(undefined);
    }),
  );
});

function stateLine(stream: string, state: string, more = ''): string {
  return `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"${stream}","namespace":"public"},"stream_state":${state}}${more}}}`;
}

function stateOf(line: string): StateMessage {
  const message = parseMessage(line);
  if (message.kind !== 'state') throw new Error('not a state');
  return message.state;
}

test('a state keeps every digit of its numbers from the wire to the file and back to the source', async () => {
  const file = path.join(directory, 'digits.json');
  const state = stateOf(stateLine('users', '{"cursor":12345678901234567890,"rate":0.10000000000000000001}'));
  await writeStateFile(file, {
    ...NOTHING_SYNCED,
    syncId: 3,
    unfinished: true,
    states: new Map([[state.of, state.json]]),
  });
  const read = await readStateFile(file);
  expect({ syncId: read.syncId, unfinished: read.unfinished }).toEqual({ syncId: 3, unfinished: true });
  expect(stateMessages(read)).toBe(
    '[{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"},"stream_state":{"cursor":12345678901234567890,"rate":0.10000000000000000001}}}]',
  );
});

test('without a file nothing is synced; a file that is not ours is refused and left alone', async () => {
  expect(await readStateFile(path.join(directory, 'none.json'))).toEqual(NOTHING_SYNCED);
  for (const text of ['', '{"version":1', '{"version":2}', '[]', 'null']) {
    const file = path.join(directory, 'foreign.json');
    await writeFile(file, text);
    await expect(readStateFile(file)).rejects.toThrow('is not one that ewallet-sync wrote');
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});

test('a new sync gets a number and forgets full refreshes; one that did not finish continues under its own', () => {
  const states = new Map([
    ['public.users', 'u'],
    ['public.report', 'r'],
  ]);
  const full = new Set(['public.report']);
  expect(nextSync({ ...NOTHING_SYNCED, syncId: 4, unfinished: false, states }, full)).toEqual({
    ...NOTHING_SYNCED,
    syncId: 5,
    unfinished: true,
    states: new Map([['public.users', 'u']]),
  });
  const unfinished = { ...NOTHING_SYNCED, syncId: 4, unfinished: true, states };
  expect(nextSync(unfinished, full)).toEqual(unfinished);
});

const sent = (n: number) => stateOf(stateLine('users', `{"n":${n}}`, ',"sourceStats":{"recordCount":10}'));
const received = (n: number, landed: number, rejected = 0) =>
  stateOf(
    stateLine(
      'users',
      `{"n":${n}}`,
      `,"sourceStats":{"recordCount":10},"destinationStats":{"recordCount":${landed},"rejectedRecordCount":${rejected}}`,
    ),
  );

test('states that come back in order with their counts are acknowledged; the rest stays outstanding', () => {
  const acknowledgements = new Acknowledgements();
  for (const n of [1, 2, 3]) acknowledgements.sent(sent(n));
  acknowledgements.received(received(1, 10));
  acknowledgements.received(received(2, 8, 2));
  expect(acknowledgements.outstanding()).toEqual(['public.users (1)']);
});

test.each([
  [
    'out of order',
    () => received(2, 10),
    'The destination acknowledged states of public.users out of order, or changed one.',
  ],
  [
    'with too few records',
    () => received(1, 9),
    'Records of public.users do not add up: the source counted 10 before a state, the destination wrote 9 and rejected 0.',
  ],
])('a state that comes back %s is refused', (_, back, message) => {
  const acknowledgements = new Acknowledgements();
  acknowledgements.sent(sent(1));
  acknowledgements.sent(sent(2));
  expect(() => {
    acknowledgements.received(back());
  }).toThrow(message);
});

test('a state that was never sent is refused', () => {
  expect(() => {
    new Acknowledgements().received(received(1, 10));
  }).toThrow('The destination acknowledged a state of public.users that the source did not send.');
});

test('LEGACY state cannot be kept and says so', () => {
  expect(() => parseMessage('{"type":"STATE","state":{"data":{"cursor":1}}}')).toThrow(
    'The source sends state of type LEGACY; only STREAM and GLOBAL state can be kept. Use a newer version of the source.',
  );
});
