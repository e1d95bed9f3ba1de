import { destination, pino, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino';
import { askedLogFormat } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { NO_TRACING, openTracing } from '@ewallet/tracing';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig, type SinkConfig } from '../config/sink-config';
import { publishDeadLetters } from '../deadletters/publisher';
import { Connector } from '../operate/connector';
import { Dependencies } from '../operate/dependencies';
import { kafkaLogger, logEvents } from '../operate/log';
import { SinkMetrics } from '../operate/metrics';
import { ProgressLine } from '../operate/progress-line';
import { serveRest } from '../operate/rest-server';
import { DeadLetterPump } from '../operate/dead-letter-pump';
import { traceEvents } from '../operate/traces';
import { VERSION } from '../operate/version';
import { allEvents } from '../run/events';
import { Sink } from '../run/sink';

/** Lands records until SIGTERM or SIGINT, or a fault that no retry cures. */
export async function runCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  const log = pino(
    { level: config.logLevel, ...keysOf(config) },
    destination({ fd: 2, sync: true }), // nothing is lost at the exit, and a line per batch costs nothing
  );
  const tracing = await openTracing('sink-warehouse', process.env, (line) => {
    log.warn(line);
  });
  const dependencies = new Dependencies(config, Date.now);
  const metrics = new SinkMetrics(
    config.name,
    () => connector.sink,
    () => dependencies.reachable(),
  );
  const progress = new ProgressLine(process.stdout, () => connector.sink);
  const pump = deadLetterPump(config, log);
  const traced = traceEvents(tracing, config.name, Date.now);
  const connector = new Connector(config, (targetState) => {
    const logged = logEvents(log, config.errors.log);
    const events = allEvents(
      logged,
      metrics.events,
      progress.events,
      connector.health.events,
      pump?.events ?? {},
      traced,
      {
        targetState,
      },
    );
    return new Sink(config, events, {
      kafkaLog: kafkaLogger(log),
      now: () => performance.now(),
      isTraced: tracing !== NO_TRACING,
    });
  });
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    void connector.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const rest = config.rest.enabled ? await serveRest(connector, metrics, VERSION) : undefined;
  log.info({ config: config.shown, rest: rest?.url }, 'starting');
  const { keysWithoutEffect } = config;
  if (keysWithoutEffect.length > 0)
    log.info({ keys: keysWithoutEffect }, 'keys of Kafka Connect that have no effect here');
  progress.start();
  connector.start();
  try {
    await connector.ended;
    log.info('stopped');
  } finally {
    progress.stop();
    rest?.close();
    await pump?.stop();
    await tracing.close();
  }
}

/** Pino's own keys, or those that every part has where they were asked for. */
function keysOf({ name }: SinkConfig): LoggerOptions {
  if (askedLogFormat(process.env) !== 'json') return { name: 'sink-warehouse', base: { connector: name } };
  return {
    base: { part: 'sink-warehouse', connector: name },
    messageKey: 'event',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
}

function deadLetterPump(config: SinkConfig, log: Logger): DeadLetterPump | undefined {
  const { topic } = config.errors;
  if (topic === undefined) return undefined;
  return new DeadLetterPump(
    () => publishDeadLetters(config, topic),
    (error) => {
      log.warn(
        { reason: asFailure(error).message, topic },
        'dead letters wait in sink.dead_letters: they could not be produced',
      );
    },
  );
}
