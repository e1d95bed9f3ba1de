import { logLine, type LogFormat } from '@ewallet/command-line';

type Fields = Readonly<Record<string, unknown>>;

/** One event per line on standard error: JSON for machines, text for people. */
export class SyncLog {
  constructor(
    private readonly output: { write(text: string): unknown },
    private readonly format: LogFormat,
    private readonly now: () => Date,
  ) {}

  info(event: string, fields: Fields = {}): void {
    this.write('info', event, fields);
  }

  warn(event: string, fields: Fields = {}): void {
    this.write('warn', event, fields);
  }

  error(event: string, fields: Fields = {}): void {
    this.write('error', event, fields);
  }

  private write(level: string, event: string, fields: Fields): void {
    if (this.format === 'json') {
      this.output.write(logLine({ time: this.now(), level, part: 'ewallet-sync', event, fields }));
      return;
    }
    const time = this.now().toISOString();
    const details = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' ');
    this.output.write(
      `${time.slice(11, 19)} ${level === 'info' ? '' : `${level.toUpperCase()} `}${event}  ${details}\n`,
    );
  }
}
