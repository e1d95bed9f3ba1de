import { Document, isNode, isSeq, YAMLMap, YAMLSeq, type Node } from 'yaml';
import type { Draft, Line } from './draft';

const HEADER = ` How this wallet's tables are to be read. Written by \`ewallet-mapping propose\`, yours to edit.

 1. Answer \`questions\`: correct the lines that each is about, then write \`answer: yes\`.
 2. Fill in \`control_totals\` from what you trust: your back office, finance's report, a customer's screen.
 3. \`ewallet-mapping check\` until it says that nothing is open, then \`ewallet-mapping render\`.

 Beside a line: how sure the proposal is (0 to 1), what speaks for it, what else it could be. A line that you change is yours:
 \`propose\` never touches it again. Nor one that an answered question is about, nor one that you take out of \`proposed\` below.
 A column is SQL over its table's columns, or { lookup: another table, key: its key, by: the column here, take: the column there }.`;

const TOTALS = ` For example (amounts in main units, days in wallet.reporting_time_zone, from the first up to and without the last):
 - { currency: USD, type: payment, from: 2026-03-01, until: 2026-03-02, count: 1204, amount: 35120.50 }
 - { wallet: the wallet's key, balance: 71.25 }`;

export interface Merged {
  readonly document: Document;
  readonly added: number;
  readonly updated: number;
  /** Lines that are a person's, and that the tool would now propose otherwise. */
  readonly kept: readonly string[];
}

/**
 * The draft in a new file, or merged into an existing one: what a person wrote, confirmed or removed stays as it is.
 *
 * @param existing the file as it is, parsed with the failsafe schema; undefined for a new one. It is changed.
 */
export function mergeMapping(existing: Document | undefined, draft: Draft): Merged {
  const document = existing ?? emptyDocument();
  const memory = memoryOf(document);
  const confirmed = answeredPaths(document);
  const remembered: Record<string, string> = {};
  const kept: string[] = [];
  let added = 0;
  let updated = 0;
  for (const line of draft.lines) {
    const name = line.path.join('.');
    const proposal = JSON.stringify(line.value);
    const before = memory.get(name);
    const present = document.getIn(line.path, true);
    const value = isNode(present) ? JSON.stringify(present.toJS(document)) : undefined;
    const isOurs = value === undefined ? before === undefined : value === before && !isConfirmed(name, confirmed);
    if (!isOurs) {
      // Removed by a person: it stays known, so that it is not proposed once more.
      if (value === undefined && before !== undefined) remembered[name] = before;
      if (value !== undefined && value === before) remembered[name] = before;
      if (value !== proposal) kept.push(name);
      continue;
    }
    if (value === undefined) added += 1;
    else if (value !== proposal) updated += 1;
    write(document, line);
    remembered[name] = proposal;
  }
  writeQuestions(document, draft);
  document.set('proposed', document.createNode(remembered));
  const proposed = document.get('proposed', true);
  if (isNode(proposed)) {
    proposed.commentBefore =
      ' What propose wrote, so that it knows its own lines. Take one out to keep the line as it is for good.';
    proposed.spaceBefore = true;
  }
  return { document, added, updated, kept };
}

export function textOf(document: Document): string {
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

function emptyDocument(): Document {
  const document = new Document(undefined, { schema: 'failsafe' });
  document.contents = new YAMLMap();
  document.commentBefore = HEADER;
  for (const section of ['wallet', 'control_totals', 'questions', 'tables', 'entries', 'values', 'currencies']) {
    document.set(section, document.createNode(section === 'control_totals' || section === 'questions' ? [] : {}));
  }
  const totals = document.get('control_totals', true);
  if (isNode(totals)) totals.comment = TOTALS;
  return document;
}

function memoryOf(document: Document): ReadonlyMap<string, string> {
  const proposed = document.get('proposed', true);
  const held = isNode(proposed) ? (proposed.toJS(document) as unknown) : {};
  return new Map(
    typeof held === 'object' && held !== null ? Object.entries(held).map(([name, value]) => [name, String(value)]) : [],
  );
}

function answeredPaths(document: Document): readonly string[] {
  const questions = document.get('questions', true);
  const held = isSeq(questions) ? (questions.toJS(document) as readonly Readonly<Record<string, unknown>>[]) : [];
  return held.flatMap((each) => (String(each.answer).trim().toLowerCase() === 'yes' ? [String(each.about)] : []));
}

function isConfirmed(name: string, confirmed: readonly string[]): boolean {
  return confirmed.some((path) => name === path || name.startsWith(`${path}.`));
}

function write(document: Document, line: Line): void {
  const node: Node = document.createNode(line.value, typeof line.value === 'string' ? {} : { flow: true });
  const sure = line.confidence === undefined ? '' : `${line.confidence.toFixed(2)} `;
  const others = line.alternatives === undefined ? '' : `; or ${line.alternatives.join(', ')}`;
  node.comment = ` ${sure}${line.because}${others}`.replaceAll('\n', ' ');
  document.setIn(line.path, node);
}

/** Questions that are not answered are asked again; those that no longer arise are removed. */
function writeQuestions(document: Document, draft: Draft): void {
  const present = document.get('questions', true);
  const list = isSeq(present) ? present.items.filter(isNode) : [];
  const idOf = (node: Node): string => String((node.toJS(document) as Readonly<Record<string, unknown>>).id);
  const isAnswered = (node: Node): boolean =>
    String((node.toJS(document) as Readonly<Record<string, unknown>>).answer)
      .trim()
      .toLowerCase() === 'yes';
  const asked = draft.questions.map((question) => {
    const before = list.find((node) => idOf(node) === question.id);
    return before !== undefined && isAnswered(before) ? before : document.createNode({ ...question, answer: '' });
  });
  const others = list.filter(
    (node) => isAnswered(node) && !draft.questions.some((question) => question.id === idOf(node)),
  );
  const sequence = new YAMLSeq();
  sequence.items.push(...asked, ...others);
  document.set('questions', sequence);
}
