import { destination, pino } from 'pino';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { kafkaLogger, logEvents } from '../operate/log';
import { Sink } from '../run/sink';

/** Lands records until SIGTERM or SIGINT, or a fault that no retry cures. */
export async function runCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  const log = pino(
    { name: 'sink-warehouse', level: config.logLevel, base: { connector: config.name } },
    destination({ fd: 2, sync: true }),
  );
  const sink = new Sink(config, logEvents(log, config.errors.log), kafkaLogger(log), () => performance.now());
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    sink.stop();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  log.info({ config: config.shown }, 'starting');
  await sink.run();
  log.info('stopped');
}
