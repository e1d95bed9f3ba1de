import { Failure } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import { currencyCode, timeZoneName, type Reporting } from '../content/reporting';
import { Warehouse } from './warehouse';

/**
 * What the marts report in. Where there is a warehouse its marts say so, and what the user said must agree; where there is none, or
 * dbt has not built the mart yet, it is what the user said, if anything.
 * @throws Failure where the two differ
 */
export async function reportingOf(
  said: Partial<Reporting>,
  warehouse: ConnectionConfig | undefined,
): Promise<Partial<Reporting>> {
  const built = warehouse === undefined ? undefined : await reportingInMarts(warehouse);
  if (built === undefined) return said;
  if (said.currency !== undefined && said.currency !== built.currency)
    throw differing('currency', said.currency, built.currency, 'EWALLET_REPORTING_CURRENCY');
  if (said.timeZone !== undefined && said.timeZone.toLowerCase() !== built.timeZone.toLowerCase())
    throw differing('time zone', said.timeZone, built.timeZone, 'EWALLET_REPORTING_TIME_ZONE');
  return built;
}

function differing(what: string, said: string, built: string, variable: string): Failure {
  return Failure.config(
    `The marts report in the ${what} ${built}, not in ${said}. Leave ${variable} out, or rebuild them with it: npm run dbt -- build --full-refresh.`,
  );
}

/** @returns undefined where dbt has not built the mart that says it. */
async function reportingInMarts(config: ConnectionConfig): Promise<Reporting | undefined> {
  const warehouse = await Warehouse.open(config);
  try {
    const there = await warehouse.ask(
      { text: "select to_regclass('marts.reporting_settings') is not null", values: [] },
      'looking for marts.reporting_settings fails',
    );
    if (there.rows[0]?.[0] !== 't') return undefined;
    const { rows } = await warehouse.ask(
      // Set, the server names the zone as it will show it.
      {
        text: "select reporting_currency, set_config('TimeZone', reporting_time_zone, false) from marts.reporting_settings",
        values: [],
      },
      'reading marts.reporting_settings fails',
    );
    const [currency, timeZone] = rows[0] ?? [];
    if (currency === undefined || currency === null || timeZone === undefined || timeZone === null) return undefined;
    return { currency: currencyCode(currency), timeZone: timeZoneName(timeZone) };
  } finally {
    await warehouse.close();
  }
}
