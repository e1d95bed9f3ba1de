import { Failure } from '@ewallet/failure';
import type { HashKind } from './row-hash';
import type { Session } from '../server/session';

/** A text whose hash shows whether two servers hash the same way; beyond ASCII, so that the encoding shows too. */
const PROBE = 'e-wallet ₱1,000.00';

/**
 * How both databases are made to hash the same text to the same number. PostgreSQL keeps its hash functions over
 * versions, as hash partitions rest on them, but not over byte orders and not over encodings.
 *
 * @throws Failure where they do not agree
 */
export async function agreeOnHash(source: Session, warehouse: Session): Promise<HashKind> {
  const encodings = [await encodingOf(source), await encodingOf(warehouse)];
  const hash: HashKind = encodings.every((encoding) => encoding === 'UTF8') ? 'utf8' : 'converted';
  const [one, other] = [await probe(source), await probe(warehouse)];
  if (one !== other) {
    throw Failure.config(
      'The two servers hash the same bytes differently, so their rows cannot be compared inside them. They need one byte order (both x86 or ARM) and PostgreSQL 14 or later.',
    );
  }
  return hash;
}

async function encodingOf(session: Session): Promise<string> {
  const [row] = await session.query('select getdatabaseencoding() as encoding');
  return row?.encoding ?? '';
}

async function probe(session: Session): Promise<string> {
  const hex = Buffer.from(PROBE).toString('hex');
  const [row] = await session.query(`select hashtextextended($1::text collate "C", 0) as hash`, [hex]);
  return row?.hash ?? '';
}

/** What a server can do, by its version. @throws Failure where it is too old */
export async function serverVersion(session: Session): Promise<number> {
  const [row] = await session.query(`select current_setting('server_version_num') as version`);
  const version = Number(row?.version ?? 0);
  if (version >= 140_000) return version;
  throw Failure.config(`The ${session.side} is older than PostgreSQL 14, which has no order-free aggregate (bit_xor).`);
}
