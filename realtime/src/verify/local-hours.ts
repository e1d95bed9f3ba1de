import { Failure } from '@ewallet/failure';
import { connect, failureFromPostgres, quoteQualified } from '@ewallet/postgres';
import type { RealtimeConfig } from '../config/realtime-config';

/** When the hour began that a minute lies in; both in microseconds. */
export type HourOf = (minute: string) => string;

/**
 * Hours as dbt's marts have them: of the reporting time zone that they were built with. The warehouse computes them by the same
 * expression as dbt's local_hour_start, as its time zones are those of the marts. A zone may be half an hour off UTC, and an
 * autumn night has the same hour twice.
 */
export async function readLocalHours(
  warehouse: NonNullable<RealtimeConfig['warehouse']>,
  minutes: readonly string[],
): Promise<HourOf> {
  const hours = minutes.length === 0 ? new Map<string, string>() : await hoursOf(warehouse, minutes);
  return (minute) => {
    const hour = hours.get(minute);
    if (hour !== undefined) return hour;
    throw Failure.config(
      `dbt's reporting_settings in schema "${warehouse.schema}" has no time zone. Build dbt's marts, then verify again.`,
    );
  };
}

async function hoursOf(
  warehouse: NonNullable<RealtimeConfig['warehouse']>,
  minutes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const client = await connect(warehouse.connection, { applicationName: 'ewallet-realtime verify' });
  try {
    const { rows } = await client.query<{ readonly minute: string; readonly hour: string }>(
      `select minute::text, (extract(epoch from instant - (local - date_trunc('hour', local))) * 1000000)::bigint::text as hour
from ${quoteQualified(warehouse.schema, 'reporting_settings')} as settings
cross join unnest($1::bigint[]) as minute
cross join lateral (select timestamptz 'epoch' + minute * interval '1 microsecond' as instant) as minutes
cross join lateral (select instant at time zone settings.reporting_time_zone as local) as locals`,
      [minutes],
    );
    return new Map(rows.map(({ minute, hour }): [string, string] => [minute, hour]));
  } catch (error) {
    throw failureFromPostgres(error, { what: "Could not read the time zone of dbt's reporting_settings" });
  } finally {
    await client.end();
  }
}
