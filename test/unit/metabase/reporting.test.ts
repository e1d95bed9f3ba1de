import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Content } from '../../../metabase/src/content/content';
import type { Json } from '../../../metabase/src/content/json';
import { builtInContent, readContent } from '../../../metabase/src/content/read';
import {
  asInFile,
  currencyCode,
  currencyName,
  dayIn,
  inReporting,
  timeZoneName,
  wallClock,
} from '../../../metabase/src/content/reporting';
import type { Question } from '../../../metabase/src/content/question';
import { referenceFaults } from '../../../metabase/src/content/references';

const kenya = { currency: 'KES', timeZone: 'Africa/Nairobi' };
const question: Question = {
  key: 'fees',
  collection: 'c',
  name: 'Fees',
  description: 'Fees in ${reporting_currency_name}, ${reporting_time_zone} time.',
  display: 'table',
  sql: ['select', "  '${reporting_currency}' as code", 'from marts.fees'],
  columns: { fees: { currency: '${reporting_currency}' } },
};
const content: Content = {
  collections: new Map([['c', { key: 'c', name: 'C' }]]),
  questions: new Map([['fees', question]]),
  dashboards: new Map(),
};
const shown = inReporting(content, kenya).questions.get('fees')!;

it('the reporting currency and time zone stand in texts, formats and SQL', () => {
  expect(shown).toEqual({
    ...question,
    description: 'Fees in Kenyan shillings, Africa/Nairobi time.',
    sql: ['select', "  'KES' as code", 'from marts.fees'],
    columns: { fees: { currency: 'KES' } },
  });
});

it.each(['USD', 'KES', 'IDR', 'XTS'])(
  'all content shown in %s is in its files again with its placeholders',
  async (currency) => {
    const files = (await readContent(builtInContent)).content;
    const reporting = { currency, timeZone: 'Asia/Manila' };
    const filled = inReporting(files, reporting);
    for (const kind of ['collections', 'questions', 'dashboards'] as const)
      for (const [key, file] of files[kind])
        expect(asInFile(filled[kind].get(key) as unknown as Json, file as unknown as Json, reporting)).toEqual(file);
  },
);

it('what was edited in Metabase keeps the placeholders whose words it still says', () => {
  const edited = {
    ...shown,
    name: 'Fees of KES wallets', // no placeholder was here
    description: 'What we earn, in Kenyan shillings.',
    sql: ['select', '  1 as one,', "  'KES' as code", 'from marts.fees'],
  };
  expect(asInFile(edited as unknown as Json, question as unknown as Json, kenya)).toEqual({
    ...question,
    name: 'Fees of KES wallets',
    description: 'What we earn, in ${reporting_currency_name}.',
    sql: ['select', '  1 as one,', "  '${reporting_currency}' as code", 'from marts.fees'],
  });
});

it('what was made in Metabase stays as it is', () => {
  expect(asInFile(shown as unknown as Json, undefined, kenya)).toEqual(shown);
});

it('a placeholder that stands for nothing is a fault', () => {
  const wrong = { ...question, name: 'In ${reporting_money}' };
  expect(referenceFaults({ ...content, questions: new Map([['fees', wrong]]) })).toEqual([
    {
      file: 'questions/fees.json',
      message:
        '${reporting_money} stands for nothing; there are ${reporting_currency_name}, ${reporting_currency}, ${reporting_time_zone}',
    },
  ]);
});

it.each([
  ['USD', 'US dollars'],
  ['KES', 'Kenyan shillings'],
  ['VND', 'Vietnamese dong'],
])('several units of %s are %s', (code, name) => {
  expect(currencyName(code)).toBe(name);
});

it('the day and the hour are those of the time zone', () => {
  const instant = new Date('2026-03-31T17:30:00Z');
  expect([dayIn('UTC', instant), dayIn('Asia/Manila', instant)]).toEqual(['2026-03-31', '2026-04-01']);
  expect(wallClock('Asia/Kathmandu', instant)).toBe('2026-03-31T23:15:00');
});

it('what is no currency and no time zone is refused by name', () => {
  expect(() => currencyCode('shilling')).toThrow('"shilling" is no currency: the reporting currency is three capitals');
  expect(() => timeZoneName('Nairobi')).toThrow('"Nairobi" is no time zone: the reporting time zone is a name');
});

describe('the built-in content', () => {
  const folder = path.join(builtInContent, 'questions');
  const questions = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Question,
  );

  it('names no currency of its own', () => {
    const naming = questions.filter((one) => /\bUSD\b|_usd\b|dollar|'[^']*\$\d/i.test(JSON.stringify(one)));
    expect(naming.map(({ key }) => key)).toEqual([]);
  });

  it('shows nobody the keys that its rows are sorted by', () => {
    const leaking = questions.filter(({ sql }) => /'\d+\. /.test(sql.join('\n')));
    expect(leaking.map(({ key }) => key)).toEqual([]);
  });

  it('writes keys without separators of thousands', () => {
    const selected = (sql: readonly string[]): string[] =>
      sql.flatMap((line) => /^ {2}(?:\w+\.)?(\w+_id),?$/.exec(line)?.[1] ?? []);
    const wrong = questions.flatMap(({ key, sql, columns }) =>
      selected(sql)
        .filter((column) => columns?.[column]?.number_separators !== '.')
        .map((column) => `${key}.${column}`),
    );
    expect(wrong).toEqual([]);
  });
});
