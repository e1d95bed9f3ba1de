import { RECORD_ID_BYTES, writeRecordId } from '../../../destination-kafka/src/encode/record-id';

/** Of version 0.2.0: a record that is sent again by a newer version must have the id that it had. */
const IDS: readonly (readonly [length: number, id: string])[] = [
  [0, 'AAAAAAAAAAAAAAAAAAAAAA'],
  [1, 'wnZL1uGX8pLhl_KS4Zfykg'],
  [3, 'u8LQDtqB3wjagd8I2oHfCA'],
  [4, 'cpWbP4gj2IuII9iLiCPYiw'],
  [5, 'eILR-qxSkbOMNndPjDZ3Tw'],
  [15, 'By55XjjNp8kWF_3bKJyrqw'],
  [16, 'kyrTBLyxY3SyELsAb0s2BA'],
  [17, 'lBpZojAu6J1BbKYqxMHJ-Q'],
  [31, '0KHOfF3KLWA85hoB3jZZJQ'],
  [32, 'Pp41oqIosiryFia3_9dEpQ'],
  [33, '4rw9wJcuCkpc_0DC3XHk0w'],
  [100, 'vPd_2SJ-vZrgiiHPH16PYw'],
];

test.each(IDS)('%i bytes have the id that they had in every version: %s', (length, id) => {
  const bytes = Buffer.from(Array.from({ length: length + 3 }, (_, at) => (at * 37 + length) & 255));
  const span = { bytes, start: 3, end: length + 3 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ids = [span, { ...span, view }].map((data) => {
    const target = Buffer.alloc(RECORD_ID_BYTES + 2);
    writeRecordId(data, (length * 2_654_435_761) | 0, target, 1);
    return target.toString('latin1');
  });
  expect(ids).toEqual([`\0${id}\0`, `\0${id}\0`]);
});
