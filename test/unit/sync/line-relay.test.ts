import fc from 'fast-check';
import { LineRelay } from '../../../sync/src/line-relay';

const line = fc.oneof(
  fc.nat().map((n) => `{"type":"RECORD","record":{"data":{"id":${n}}}}`),
  fc.string().map((text) => `{"type":"LOG","log":{"message":${JSON.stringify(text)}}}`),
  fc.nat().map((n) => `{"type":"STATE","state":{"n":${n}}}`),
  fc.constant(''),
);

test('however the output is cut into chunks, every record and chosen line is forwarded once, in order, unchanged', () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 60 })), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const seen: string[] = [];
      const relay = new LineRelay((text) => {
        seen.push(text);
        return { forward: text.includes('STATE'), record: false };
      });
      const forwarded: Buffer[] = [];
      let records = 0;
      let at = 0;
      for (let i = 0; at < bytes.length; i++) {
        const size = cuts.length === 0 ? bytes.length : (cuts[i % cuts.length] ?? 1);
        const relayed = relay.push(bytes.subarray(at, at + size));
        forwarded.push(...relayed.forward.map((part) => Buffer.from(part)));
        records += relayed.records;
        at += size;
      }
      const kept = lines.filter((text) => text.includes('"RECORD"') || text.includes('STATE'));
      expect(Buffer.concat(forwarded).toString()).toBe(kept.map((text) => `${text}\n`).join(''));
      expect(records).toBe(lines.filter((text) => text.startsWith('{"type":"RECORD"')).length);
      expect(seen).toEqual(lines.filter((text) => !text.startsWith('{"type":"RECORD"')));
      expect(relay.rest).toBe('');
    }),
  );
});

test('half a line at the end is kept apart and goes nowhere', () => {
  const relay = new LineRelay(() => ({ forward: true, record: false }));
  expect(relay.push(Buffer.from('{"type":"STATE"}\n{"type":"REC')).forward.map(String)).toEqual(['{"type":"STATE"}\n']);
  expect(relay.rest).toBe('{"type":"REC');
});
