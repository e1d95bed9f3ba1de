const TIMETZ = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)$/;

/** Binary timetz: microseconds since midnight, then the zone in seconds west of Greenwich. */
export function timetzFromText(text: string): Buffer {
  const parts = TIMETZ.exec(text);
  if (parts === null) throw new RangeError('text that is no time with its zone');
  const [, hours = '', minutes = '', seconds = '0', fraction = '', zone = 'Z'] = parts;
  const micros =
    ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000_000 + Number(fraction.padEnd(6, '0'));
  if (micros > 86_400_000_000) throw new RangeError('a time beyond 24:00:00');
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64BE(BigInt(micros));
  bytes.writeInt32BE(-zoneSeconds(zone), 8);
  return bytes;
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6));
  return zone.startsWith('-') ? -seconds : seconds;
}
