import type { ConnectionConfig } from '@ewallet/postgres';
import { count, isFailure } from '@ewallet/failure';
import type { Content } from '../content/content';
import { readContracts, type Contracts } from '../content/contracts';
import type { Json } from '../content/json';
import { columnText, type Question, type Tag } from '../content/question';
import { readContent } from '../content/read';
import { referenceFaults, referenceNotes, type Fault } from '../content/references';
import { dayIn, defaultReporting, inReporting, type Reporting } from '../content/reporting';
import { bindQuestion } from '../warehouse/bind';
import { martGaps, martsOf, readsAGap, whatIsMissing } from '../warehouse/marts';
import { reportingOf } from '../warehouse/reporting';
import { Warehouse, type Rows } from '../warehouse/warehouse';

export interface ValidateRequest {
  readonly content: string;
  readonly contracts: string;
  readonly warehouse: ConnectionConfig | undefined;
  /** What the user says that the marts report in. */
  readonly reporting: Partial<Reporting>;
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

/** Says every fault of the content. @returns whether there is none. */
export async function validate(request: ValidateRequest): Promise<boolean> {
  const { content: files, faults } = await readContent(request.content);
  const reporting = { ...defaultReporting, ...(await reportingOf(request.reporting, request.warehouse)) };
  const content = inReporting(files, reporting);
  const all: Fault[] = [...faults, ...referenceFaults(files)];
  const contracts = await readContracts(request.contracts);
  all.push(...contractFaults(content, contracts));
  let asked = 0;
  if (request.warehouse !== undefined) {
    const warehouse = await Warehouse.open(request.warehouse, reporting.timeZone);
    try {
      const gaps = await martGaps(warehouse, content, contracts);
      if (gaps.missing.size + gaps.outdated.size > 0) all.push({ file: 'the warehouse', message: whatIsMissing(gaps) });
      for (const question of content.questions.values()) {
        if (readsAGap(question, gaps)) continue;
        const outcome = await askEveryWay(warehouse, question, dayIn(reporting.timeZone, request.now()));
        asked += outcome.asked;
        all.push(...outcome.faults.map((message) => ({ file: `questions/${question.key}.json`, message })));
      }
    } finally {
      await warehouse.close();
    }
  }
  for (const { file, message } of all) request.say(`${file}: ${message}`);
  for (const { file, message } of referenceNotes(content)) request.say(`${file}: ${message} (no fault)`);
  const size = `${count(content.collections.size, 'collection')}, ${count(content.questions.size, 'question')}, ${count(content.dashboards.size, 'dashboard')}`;
  const queries =
    request.warehouse === undefined ? 'their SQL was not run: no warehouse given' : `${asked} queries answered`;
  request.say(
    all.length === 0 ? `Valid: ${size}; ${queries}.` : `${count(all.length, 'fault')} in ${size}; ${queries}.`,
  );
  return all.length === 0;
}

const OTHER_SCHEMA = /\b(raw|staging|intermediate|sink|public)\.[a-z_]/;

/** Questions read marts only, and filter columns that dbt promises. */
function contractFaults(content: Content, contracts: Contracts): Fault[] {
  return [...content.questions.values()].flatMap((question) => {
    const sql = question.sql.join('\n');
    const faults: string[] = [];
    const other = OTHER_SCHEMA.exec(sql);
    if (other !== null) faults.push(`the SQL reads schema "${other[1] ?? ''}"; questions read marts only`);
    for (const table of martsOf(question))
      if (!contracts.has(table)) faults.push(`marts.${table} is in no dbt contract`);
    for (const [name, tag] of Object.entries(question.tags ?? {}))
      if (
        tag.kind === 'field' &&
        !(tag.column.schema === 'marts' && contracts.get(tag.column.table)?.has(tag.column.column) === true)
      )
        faults.push(`tag "${name}": ${columnText(tag.column)} is in no dbt contract`);
    return faults.map((message) => ({ file: `questions/${question.key}.json`, message }));
  });
}

/** Runs the question with no filter, with each alone, and with all; and checks the columns that its settings name. */
async function askEveryWay(
  warehouse: Warehouse,
  question: Question,
  today: string,
): Promise<{ asked: number; faults: string[] }> {
  const samples = Object.entries(question.tags ?? {}).map(([name, tag]): [string, Json] => [name, sampleOf(tag)]);
  const ways: { readonly label: string; readonly values: Record<string, Json> }[] = [
    { label: 'without filters', values: {} },
    ...samples.map(([name, value]) => ({ label: `with filter "${name}"`, values: { [name]: value } })),
    ...(samples.length > 1 ? [{ label: 'with every filter', values: Object.fromEntries(samples) }] : []),
  ];
  const faults: string[] = [];
  let answer: Rows | undefined;
  let asked = 0;
  for (const { label, values } of ways) {
    try {
      answer = await warehouse.ask(bindQuestion(question, values, today), `the SQL ${label} fails`);
      asked += 1;
    } catch (error) {
      if (!isFailure(error)) throw error;
      faults.push(`${error.message}${error.detail === undefined ? '' : ` (${error.detail})`}`);
    }
  }
  return { asked, faults: [...faults, ...(answer === undefined ? [] : settingFaults(question, answer))] };
}

function sampleOf(tag: Tag): Json {
  if (tag.kind === 'field') {
    if (tag.widget.startsWith('date/')) return 'past30days~';
    if (tag.widget === 'number/between') return [0, 1];
    return tag.widget === 'number/=' ? [1] : ['x'];
  }
  if (tag.default !== undefined) return tag.default;
  return tag.kind === 'number' ? 1 : tag.kind === 'date' ? '2024-01-01' : 'x';
}

/** Columns that settings name have to be in the answer, or Metabase draws nothing and says nothing. */
function settingFaults(question: Question, answer: Rows): string[] {
  const there = new Set(answer.columns.map((column) => column.name));
  const settings = question.settings ?? {};
  const named = [
    ...Object.keys(question.columns ?? {}),
    ...(question.money?.columns ?? []),
    ...[
      'graph.dimensions',
      'graph.metrics',
      'pie.dimension',
      'pie.metric',
      'funnel.dimension',
      'funnel.metric',
      'scalar.field',
    ].flatMap((setting) => {
      const value = settings[setting];
      return typeof value === 'string'
        ? [value]
        : Array.isArray(value)
          ? value.filter((item) => typeof item === 'string')
          : [];
    }),
  ];
  const currency = question.money?.currency;
  if (currency !== undefined && question.tags?.[currency] === undefined) named.push(currency);
  return [...new Set(named)]
    .filter((name) => !there.has(name))
    .map((name) => `the settings name column "${name}", which is not in the answer`);
}
