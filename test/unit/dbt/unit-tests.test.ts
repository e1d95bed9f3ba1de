import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';

const FOLDER = path.join(PROJECT_ROOT, 'dbt', 'models', 'unit_tests');

interface UnitTests {
  readonly unit_tests: readonly {
    readonly name: string;
    readonly overrides?: { readonly vars?: Readonly<Record<string, unknown>> };
  }[];
}

/** They run in every `dbt build` of a user, whose currency and time zone are not those of the expected rows. */
test.each(readdirSync(FOLDER))('%s expects its rows in a currency and a time zone of its own', (file) => {
  const { unit_tests: tests } = parse(readFileSync(path.join(FOLDER, file), 'utf8')) as UnitTests;
  for (const { name, overrides } of tests) {
    const named = ['reporting_amount_scale', 'reporting_currency', 'reporting_time_zone'].filter(
      (variable) => overrides?.vars?.[variable] !== undefined,
    );
    expect([name, named]).toEqual([name, ['reporting_amount_scale', 'reporting_currency', 'reporting_time_zone']]);
  }
});
