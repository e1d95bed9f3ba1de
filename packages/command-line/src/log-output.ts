export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** How a variable of the environment asks every program for the same log lines. */
export const LOG_FORMAT_VARIABLE = 'EWALLET_LOG_FORMAT';

interface Line {
  readonly time: Date;
  readonly level: string;
  /** The program that says it. */
  readonly part: string;
  readonly event: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One log line of any program as JSON: `time` (ISO 8601, UTC), `level`, `part`, `event`, then what the event has more. */
export function logLine({ time, level, part, event, fields = {} }: Line): string {
  return `${JSON.stringify({ time: time.toISOString(), level, part, event, ...fields })}\n`;
}

/** What the environment asks for; undefined where it asks for nothing that is known. */
export function askedLogFormat(environment: Readonly<Record<string, string | undefined>>): LogFormat | undefined {
  const asked = environment[LOG_FORMAT_VARIABLE];
  return LOG_FORMATS.find((format) => format === asked);
}

/** Standard error of a program: lines for people as they are, or each as JSON where that was asked for. */
export class LogOutput {
  constructor(
    private readonly part: string,
    private readonly stream: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly format: LogFormat,
    private readonly now: () => Date,
  ) {}

  /** Of a process as the operating system started it. */
  static of(part: string, format = askedLogFormat(process.env) ?? 'text'): LogOutput {
    return new LogOutput(part, process.stderr, format, () => new Date());
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** Whole lines of progress. Those of another program's log, which are JSON already, stay as they are. */
  write(text: string): void {
    if (this.format === 'text') {
      this.stream.write(text);
      return;
    }
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      this.stream.write(line.startsWith('{"') ? `${line}\n` : this.json('info', line, {}));
    }
  }

  /** A line of what is wrong. */
  complain(line: string): void {
    this.stream.write(this.format === 'text' ? `${line}\n` : this.json('error', line, {}));
  }

  /**
   * Why the program ends, its last line.
   *
   * @param shown the message for people, where it is more than `part: message`
   */
  fail(message: string, kind: string, shown = `${this.part}: ${message}`): void {
    if (this.format === 'text') this.stream.write(`${shown}\n`);
    else this.stream.write(this.json('fatal', 'failed', { kind, message }));
  }

  private json(level: string, event: string, fields: Readonly<Record<string, unknown>>): string {
    return logLine({ time: this.now(), level, part: this.part, event, fields });
  }
}
