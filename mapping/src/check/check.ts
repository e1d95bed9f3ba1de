import { count } from '@ewallet/failure';
import { readCatalogue } from '../database/catalogue';
import type { Database } from '../database/database';
import type { Mapping, Question } from '../file/mapping';
import { rowsOf } from '../model/shown';
import { WalletSql } from '../wallet/wallet-sql';
import { checkAmounts } from './check-amounts';
import { checkBalances } from './check-balances';
import { checkColumns } from './check-columns';
import { checkEntries } from './check-entries';
import { checkKeys } from './check-keys';
import { checkOperations } from './check-operations';
import { checkValues } from './check-values';
import { checkTotals } from './control-totals';
import type { Finding } from './finding';

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly open: readonly Question[];
  readonly matchingTotals: number;
  /** Every wallet's balance is what its transactions add up to. */
  readonly balancesProven: boolean;
}

/** Everything that is wrong with a mapping, at once; columns that do not run come alone, as nothing else can be read then. */
export async function check(database: Database, mapping: Mapping): Promise<Verdict> {
  const catalogue = await readCatalogue(database, mapping.schema);
  const wallet = new WalletSql(mapping, catalogue);
  const broken = await checkColumns(database, wallet, catalogue);
  if (broken.length > 0) {
    return {
      findings: broken,
      open: mapping.questions.filter((each) => !each.answered),
      matchingTotals: 0,
      balancesProven: false,
    };
  }
  const balances = await checkBalances(database, wallet, catalogue);
  const totals = await checkTotals(database, wallet, balances.proven);
  const findings = [
    ...(await checkValues(database, wallet)),
    ...(await checkKeys(database, wallet)),
    ...(await checkOperations(database, wallet)),
    ...(await checkAmounts(database, wallet)),
    ...balances.findings,
    ...(await checkEntries(database, wallet)),
    ...totals.findings,
  ];
  const open = mapping.questions.filter((question) => isOpen(question, totals.closed));
  return { findings, open, matchingTotals: totals.matching, balancesProven: balances.proven };
}

/** Scale, direction and status can be believed wrongly: an answer does not close them, a figure from elsewhere does. */
function isOpen(question: Question, closed: ReadonlySet<string>): boolean {
  const byTotals =
    question.id.startsWith('scale.') || question.id === 'direction' || question.id === 'transaction_status';
  if (!byTotals) return !question.answered;
  return !closed.has(question.id) || (question.id === 'transaction_status' && !question.answered);
}

export function isRight(verdict: Verdict): boolean {
  return verdict.open.length === 0 && verdict.findings.every((finding) => finding.kind === 'note');
}

/** The verdict as people read it. */
export function verdictText(verdict: Verdict): string {
  const line = (finding: Finding): string =>
    `  ${finding.where}: ${finding.rows > 0 ? `${rowsOf(finding.rows)}: ` : ''}${finding.what}`;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [title, ...lines];
  const wrong = verdict.findings.filter((each) => each.kind === 'wrong');
  return [
    ...section(`${wrong.length} wrong:`, wrong.map(line)),
    ...section('To know:', verdict.findings.filter((each) => each.kind === 'note').map(line)),
    ...section(
      `${count(verdict.open.length, 'question is', 'questions are')} open:`,
      verdict.open.map((question) => `  ${question.id}: ${question.question}`),
    ),
    `${count(verdict.matchingTotals, 'control total matches', 'control totals match')}; ${
      verdict.balancesProven
        ? 'every balance is what its transactions add up to'
        : 'balances are not proven by transactions'
    }.`,
    isRight(verdict) ? 'The mapping is right as far as the tables and your figures tell.' : 'The mapping is not ready.',
    '',
  ].join('\n');
}
