/** The measurement by which a source that follows says how far behind the destination is. */
const LAG = 'ewallet_cdc_lag';

/** How often a source measures it, in milliseconds, with room for a slow moment. */
const LATE = 15_000;

/** What `ewallet-sync run --follow` shows of itself, in its log and to whoever measures it. */
export interface FollowStatus {
  readonly isConnected: boolean;
  /** Records and states acknowledged since the start. */
  readonly records: number;
  readonly states: number;
  /** Times that source and destination were started again. */
  readonly restarts: number;
  /** Of the server's log that are not acknowledged yet; undefined until the source has measured it. */
  readonly lagBytes: number | undefined;
  /** Since the oldest transaction committed that is not acknowledged. */
  readonly lagSeconds: number | undefined;
}

/** Keeps the status. Times are milliseconds of a clock that only counts on. */
export class FollowProgress {
  private isConnected = false;
  private records = 0;
  private states = 0;
  private restarts = 0;
  private lag: { readonly bytes: number; readonly seconds: number; readonly at: number } | undefined;

  connected(): void {
    this.isConnected = true;
  }

  restarting(): void {
    this.isConnected = false;
    this.restarts += 1;
  }

  acknowledged(records: number): void {
    this.records += records;
    this.states += 1;
  }

  measured(name: string, value: string, now: number): void {
    if (name !== LAG) return;
    const { bytes, seconds } = JSON.parse(value) as { readonly bytes?: unknown; readonly seconds?: unknown };
    if (typeof bytes === 'number' && typeof seconds === 'number') this.lag = { bytes, seconds, at: now };
  }

  /** A source that measures nothing any more is down, or waits for the destination: meanwhile the lag grows. */
  status(now: number): FollowStatus {
    const { isConnected, records, restarts, states, lag } = this;
    const silent = lag === undefined ? 0 : now - lag.at;
    return {
      isConnected,
      records,
      states,
      restarts,
      lagBytes: lag?.bytes,
      lagSeconds: lag === undefined ? undefined : lag.seconds + (silent > LATE ? silent / 1_000 : 0),
    };
  }
}
