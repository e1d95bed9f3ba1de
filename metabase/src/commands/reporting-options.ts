import type { Command } from 'commander';
import { currencyCode, timeZoneName, type Reporting } from '../content/reporting';
import type { Environment } from './metabase-options';

export interface ReportingOptions {
  readonly reportingCurrency?: string;
  readonly reportingTimeZone?: string;
}

/** Adds the options that say what the marts report in; dbt reads the same variables of the environment. */
export function withReporting(command: Command): Command {
  return command
    .option(
      '--reporting-currency <code>',
      'what amounts are shown in (env EWALLET_REPORTING_CURRENCY); with a warehouse, as its marts say; else USD',
    )
    .option(
      '--reporting-time-zone <name>',
      'whose hours and days are shown (env EWALLET_REPORTING_TIME_ZONE); with a warehouse, as its marts say; else UTC',
    );
}

/** @throws Failure where it is no currency or no time zone. */
export function saidReporting(options: ReportingOptions, environment: Environment): Partial<Reporting> {
  const currency = options.reportingCurrency ?? noneWhenEmpty(environment.EWALLET_REPORTING_CURRENCY);
  const timeZone = options.reportingTimeZone ?? noneWhenEmpty(environment.EWALLET_REPORTING_TIME_ZONE);
  return {
    ...(currency === undefined ? {} : { currency: currencyCode(currency) }),
    ...(timeZone === undefined ? {} : { timeZone: timeZoneName(timeZone) }),
  };
}

function noneWhenEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
