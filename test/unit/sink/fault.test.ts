import { judgeFault } from '../../../sink-warehouse/src/load/fault';

const withState = (code: string) => Object.assign(new Error('refused'), { code });

test.each([
  ['53100', 'disk full'],
  ['53200', 'out of memory'],
  ['42501', 'no privilege'],
  ['55P03', 'lock not available'],
  ['40P01', 'deadlock'],
  ['40001', 'serialisation failure'],
  ['57P01', 'the server is stopping'],
  ['57014', 'statement time-out'],
  ['08006', 'connection lost'],
  ['XX000', 'something unknown'],
  ['ECONNRESET', 'connection lost without a SQLSTATE'],
])('%s (%s) is a fault of the environment and puts no record aside', (code) => {
  expect(judgeFault(withState(code))).toEqual({ kind: 'environment' });
});

test.each(['22003', '22021', '22P02', '23001', '23502', '23514'])('%s is a fault of a record', (code) => {
  expect(judgeFault(withState(code))).toEqual({ kind: 'data', sqlState: code });
});

test('a protocol violation is a record’s fault as an error of COPY, and the environment’s as the last word of a pooler', () => {
  const withSeverity = (severity: string) => Object.assign(withState('08P01'), { severity });
  expect(judgeFault(withSeverity('ERROR'))).toEqual({ kind: 'data', sqlState: '08P01' });
  expect(judgeFault(withSeverity('FATAL'))).toEqual({ kind: 'environment' });
});

test.each(['42804', '42846', '42883'])(
  'after %s the table is looked at again, as its types are not what they were',
  (code) => {
    expect(judgeFault(withState(code))).toEqual({ kind: 'table-changed' });
  },
);
