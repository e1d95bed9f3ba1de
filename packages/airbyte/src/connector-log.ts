import { AirbyteLogLevelOrder } from 'faros-airbyte-cdk/lib/protocol';
import { logMessage } from './messages';
import { AirbyteLogLevel } from './protocol';
import type { MessageWriter } from './message-writer';

/** LOG messages, in order with the others. `LOG_LEVEL` is the platform's environment variable. */
export class ConnectorLog {
  private diverted: ((text: string) => unknown) | undefined;

  constructor(
    private readonly output: MessageWriter,
    private readonly level: AirbyteLogLevel,
  ) {}

  /** From now on lines go there as text, as standard output is for something else. */
  divert(write: (text: string) => unknown): void {
    this.diverted = write;
  }

  async debug(message: string): Promise<void> {
    await this.log(AirbyteLogLevel.DEBUG, message);
  }

  async info(message: string): Promise<void> {
    await this.log(AirbyteLogLevel.INFO, message);
  }

  async warn(message: string): Promise<void> {
    await this.log(AirbyteLogLevel.WARN, message);
  }

  async error(message: string): Promise<void> {
    await this.log(AirbyteLogLevel.ERROR, message);
  }

  private async log(level: AirbyteLogLevel, message: string): Promise<void> {
    if (AirbyteLogLevelOrder(level) < AirbyteLogLevelOrder(this.level)) return;
    if (this.diverted === undefined) await this.output.write(logMessage(level, message));
    else this.diverted(`${level} ${message}\n`);
  }
}

/** What `LOG_LEVEL` asks for; INFO where it says nothing that is a level. */
export function logLevelFrom(text: string | undefined): AirbyteLogLevel {
  const wanted = text?.toUpperCase();
  return Object.values(AirbyteLogLevel).find((level) => level === wanted) ?? AirbyteLogLevel.INFO;
}
