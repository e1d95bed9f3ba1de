/**
 * destination-kafka with faults at chosen steps of its transactions, a list in the environment variable FAULTS:
 * {"step":"append"|"commit","when":"before"|"after","call":n,"what":"kill"|"cut"|"wait"}. It is the ordinary connector
 * composed with a log that fails: production code knows nothing of it.
 */
const { performance } = require('node:perf_hooks');
const { Socket } = require('node:net');
const { once } = require('node:events');
const { runAsProcess, runDestination } = require('@ewallet/airbyte');
const { KafkaDestination } = require('../../../destination-kafka/dist/destination');

const faults = JSON.parse(process.env.FAULTS ?? '[]');
const calls = { append: 0, commit: 0 };

async function happen(fault) {
  switch (fault.what) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    case 'cut':
      // Every connection to a broker dies, in both directions; standard streams are sockets without a remote address.
      for (const handle of process._getActiveHandles()) {
        if (handle instanceof Socket && handle.remoteAddress !== undefined) handle.destroy();
      }
      return;
    case 'wait':
      process.send('reached');
      await once(process, 'message');
      return;
    default:
      throw new Error(`unknown fault ${fault.what}`);
  }
}

function wrapLog(log) {
  const step = (name) => async (batches) => {
    calls[name] += 1;
    const due = faults.filter((fault) => fault.step === name && fault.call === calls[name]);
    for (const fault of due) if (fault.when === 'before') await happen(fault);
    await log[name](batches);
    for (const fault of due) if (fault.when === 'after') await happen(fault);
  };
  return { append: step('append'), commit: step('commit'), abort: () => log.abort() };
}

void runAsProcess((surroundings) =>
  runDestination(
    'destination-kafka',
    (context) => new KafkaDestination(context, { now: Date.now, counted: () => performance.now(), wrapLog }),
    surroundings,
  ),
);
