import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Failure } from '@ewallet/failure';
import { Acknowledgements } from './acknowledgements';
import { ConnectorProcess, type Ended } from './connector-process';
import { LineRelay } from './line-relay';
import { parseMessage, type Message, type StateMessage } from './message';
import type { SourceFeedback } from './source-feedback';
import type { SyncLog } from './sync-log';
import type { SyncObserver } from './sync-observer';

export interface Attempt {
  readonly sourceCommand: readonly [string, ...string[]];
  readonly destinationCommand: readonly [string, ...string[]];
  /** Called with each state that the destination acknowledged; awaited before the attempt ends. */
  readonly keep: (state: StateMessage) => void;
  readonly stop: AbortSignal;
  readonly log: SyncLog;
  /** Variables that both connectors see beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly observer?: Pick<SyncObserver, 'relayed' | 'measured'>;
  /** Where the source reads on until it is stopped: it gets states through its input, which then stays open. */
  readonly following?: {
    readonly feedback: SourceFeedback;
    /** Called with each measurement that the source reports. */
    readonly measured: (name: string, value: string) => void;
  };
}

export interface AttemptResult {
  /** Records the source wrote. */
  readonly read: number;
  /** Records under acknowledged states, by stream. */
  readonly acknowledged: Readonly<Record<string, number>>;
}

type Connector = 'source' | 'destination';

/** What a connector reported of its own failure, by TRACE. */
type Reported = Extract<Message, { kind: 'error' }> & { readonly connector: Connector };

/**
 * One pass of source → destination. The source's records and states flow to the destination, as fast as that takes them;
 * states come back acknowledged. Both connectors have ended when this returns or throws.
 *
 * @throws Failure of the kind that the connector reported which failed first: config_error is final, the others are worth
 *   another attempt. What follows from it (a pipe that breaks, a sibling that is stopped) is no cause.
 */
export async function runAttempt(attempt: Attempt): Promise<AttemptResult> {
  const { log } = attempt;
  const acknowledgements = new Acknowledgements();
  const reported: Reported[] = [];
  const destination = await ConnectorProcess.start(attempt.destinationCommand, attempt.environment);
  let source: ConnectorProcess;
  try {
    source = await ConnectorProcess.start(attempt.sourceCommand, attempt.environment);
  } catch (error) {
    destination.stop();
    await destination.ended;
    throw error;
  }
  if (attempt.following === undefined) source.input.end();
  else attempt.following.feedback.connect(source.input);
  const stopSource = (): void => {
    source.stop();
  };
  attempt.stop.addEventListener('abort', stopSource);
  if (attempt.stop.aborted) stopSource();
  // A destination that ended takes no more records: the source need not read on.
  let endedEarly = false;
  let relayed = false;
  void destination.ended.then(() => {
    endedEarly = !relayed && !attempt.stop.aborted;
    stopSource();
  });
  try {
    const results = await Promise.allSettled([
      relay(source, destination, { acknowledgements, reported }, attempt).finally(() => {
        relayed = true;
      }),
      acknowledge(destination, acknowledgements, reported, attempt).catch((error: unknown) => {
        destination.stop();
        throw error;
      }),
      passErrors('source', source.errors, log),
      passErrors('destination', destination.errors, log),
    ]);
    const [read] = results;
    const [sourceEnd, destinationEnd] = await Promise.all([source.ended, destination.ended]);
    throwReported(reported);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    failUnlessClean(sourceEnd, destinationEnd, { endedEarly, acknowledgements, stopped: attempt.stop.aborted });
    return { read: read.status === 'fulfilled' ? read.value : 0, acknowledged: acknowledgements.records() };
  } finally {
    attempt.stop.removeEventListener('abort', stopSource);
    attempt.following?.feedback.disconnect();
    source.stop();
    destination.stop();
    await Promise.all([source.ended, destination.ended]);
  }
}

/** @returns how many records went through. The destination's input is closed at the end, which is its sign to finish. */
async function relay(
  source: ConnectorProcess,
  destination: ConnectorProcess,
  { acknowledgements, reported }: { readonly acknowledgements: Acknowledgements; readonly reported: Reported[] },
  { following, log, observer }: Attempt,
): Promise<number> {
  const lines = new LineRelay((line) => {
    const message = parseMessage(line);
    if (message.kind === 'state') acknowledgements.sent(message.state);
    else if (message.kind === 'analytics') {
      following?.measured(message.name, message.value);
      observer?.measured('source', message.name, message.value);
    } else note('source', message, reported, log);
    return {
      forward: message.kind === 'record' || message.kind === 'state' || message.kind === 'status',
      record: message.kind === 'record',
    };
  });
  let records = 0;
  try {
    for await (const chunk of source.output) {
      const relayed = lines.push(chunk as Buffer);
      records += relayed.records;
      let room = true;
      for (const bytes of relayed.forward) {
        room = destination.input.write(bytes);
        observer?.relayed(bytes.length);
      }
      // Where the destination ended, its input is destroyed and never drains; the source is being stopped.
      if (!room && !destination.input.destroyed) {
        // A pipe that breaks is the destination's end, which tells why: it is no failure of its own.
        await Promise.race([once(destination.input, 'drain').catch(() => undefined), destination.ended]);
      }
    }
  } catch (error) {
    source.stop();
    throw error;
  } finally {
    destination.input.end();
  }
  if (lines.rest !== '') log.warn('half a line at the end of the source was dropped', { bytes: lines.rest.length });
  return records;
}

async function acknowledge(
  destination: ConnectorProcess,
  acknowledgements: Acknowledgements,
  reported: Reported[],
  { keep, log, observer }: Attempt,
): Promise<void> {
  const lines = new LineRelay((line) => {
    const message = parseMessage(line);
    if (message.kind === 'state') {
      acknowledgements.received(message.state);
      keep(message.state);
    } else if (message.kind === 'analytics') {
      observer?.measured('destination', message.name, message.value);
    } else {
      note('destination', message, reported, log);
    }
    return { forward: false, record: false };
  });
  for await (const chunk of destination.output) lines.push(chunk as Buffer);
}

async function passErrors(connector: string, stream: Readable, log: SyncLog): Promise<void> {
  const lines = new LineRelay((line) => {
    log.info(connector, { stderr: line });
    return { forward: false, record: false };
  });
  for await (const chunk of stream) lines.push(chunk as Buffer);
  if (lines.rest !== '') log.info(connector, { stderr: lines.rest });
}

function note(connector: Connector, message: Message, reported: Reported[], log: SyncLog): void {
  switch (message.kind) {
    case 'error':
      reported.push({ ...message, connector });
      log.error(`${connector} error`, { kind: message.failureKind, stream: message.stream, message: message.message });
      return;
    case 'status':
      log.info('stream status', { stream: message.stream, status: message.status });
      return;
    case 'log':
      if (message.level === 'DEBUG' || message.level === 'TRACE') return;
      if (message.level === 'INFO') log.info(connector, { message: message.message });
      else log.warn(connector, { level: message.level, message: message.message });
      return;
    case 'text':
      log.warn(`${connector} wrote what is not a message`, { text: message.text.slice(0, 500) });
      return;
    case 'record':
    case 'state':
    case 'catalog':
    case 'analytics':
    case 'other':
      return;
    default:
      throw new TypeError(`unknown message ${JSON.stringify(message satisfies never)}`);
  }
}

/** The connector that reported first is the cause; of its own streams' failures the one that retrying helps least. */
function throwReported(reported: readonly Reported[]): void {
  const own = reported.filter(({ connector }) => connector === reported[0]?.connector);
  const worst =
    own.find(({ failureKind }) => failureKind === 'config_error') ??
    own.find(({ failureKind }) => failureKind === 'system_error') ??
    own[0];
  if (worst === undefined) return;
  const { failureKind, message, stream } = worst;
  const named = stream === undefined || message.includes(stream);
  throw new Failure(failureKind, { message: named ? message : `${stream}: ${message}` });
}

interface AttemptEnd {
  readonly endedEarly: boolean;
  readonly acknowledgements: Acknowledgements;
  readonly stopped: boolean;
}

function failUnlessClean(
  source: Ended,
  destination: Ended,
  { endedEarly, acknowledgements, stopped }: AttemptEnd,
): void {
  if (endedEarly && destination.code === 0) {
    throw Failure.transient('The destination ended with exit code 0 before the source had. Its log lines are above.');
  }
  // 143 is how a connector ends that was asked to.
  for (const [name, end] of [
    ['destination', destination],
    ['source', source],
  ] as const) {
    if (end.code === 0 || (stopped && (end.code === 143 || end.signal === 'SIGTERM'))) continue;
    const how = end.code === null ? `was ended by ${String(end.signal)}` : `ended with exit code ${end.code}`;
    throw Failure.transient(`The ${name} ${how} and did not say why. Its log lines are above.`);
  }
  const outstanding = acknowledgements.outstanding();
  if (outstanding.length > 0 && !stopped) {
    throw Failure.system(`The destination ended without acknowledging states of ${outstanding.join(', ')}.`);
  }
}
