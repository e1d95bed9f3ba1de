import type { SessionPair } from '../compare/compare-range';
import { lookUpValues, type RowValues } from '../compare/hashed-row';
import { keyId } from '../compare/row-differences';
import type { HashKind } from '../compare/row-hash';
import type { Candidate } from './candidate';
import { wrongColumns, type WrongColumns } from './wrong-columns';

/** A candidate, and for a row that is there on both sides but not the same: which columns. */
export interface DescribedRow {
  readonly candidate: Candidate;
  readonly columns: WrongColumns | undefined;
  readonly values: { readonly source: RowValues; readonly landed: RowValues } | undefined;
}

const ROWS_A_LOOK = 500;

export async function describeRows(
  sessions: SessionPair,
  candidates: readonly Candidate[],
  hash: HashKind,
): Promise<readonly DescribedRow[]> {
  const described: DescribedRow[] = [];
  const plans = [...new Set(candidates.map(({ plan }) => plan))];
  for (const plan of plans) {
    const own = candidates.filter((candidate) => candidate.plan === plan);
    const different = own.filter(({ now }) => now?.kind === 'different');
    described.push(
      ...own
        .filter(({ now }) => now?.kind !== 'different')
        .map((candidate) => ({ candidate, columns: undefined, values: undefined })),
    );
    for (let at = 0; at < different.length; at += ROWS_A_LOOK) {
      const group = different.slice(at, at + ROWS_A_LOOK);
      const keys = group.map(({ first }) => first.key);
      const source = byKey(await lookUpValues(sessions.source, plan.source, keys, hash));
      const landed = byKey(await lookUpValues(sessions.warehouse, plan.warehouse, keys, hash));
      for (const candidate of group) {
        const [one, other] = [source, landed].map((rows) => rows.get(keyId(candidate.first.key)));
        described.push(
          one === undefined || other === undefined
            ? { candidate, columns: undefined, values: undefined }
            : { candidate, columns: wrongColumns(plan.columns, one, other), values: { source: one, landed: other } },
        );
      }
    }
  }
  return described;
}

function byKey(rows: readonly RowValues[]): ReadonlyMap<string, RowValues> {
  return new Map(rows.map((row) => [keyId(row.key), row]));
}
