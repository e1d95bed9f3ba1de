import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Connectors as small programs of their own: ewallet-sync runs anybody's, and these fail in the ways that anybody's can.
 * The source writes `streams` × `batches` × 10 records with a state per batch, and continues from the state it is given. The
 * destination sends states back with its own count.
 */
const SOURCE = `
const fs = require('node:fs');
const args = process.argv.slice(2);
const file = (flag) => JSON.parse(fs.readFileSync(args[args.indexOf('--' + flag) + 1], 'utf8'));
const config = file('config');
const say = (message) => fs.writeSync(1, JSON.stringify(message) + '\\n');
const stream = (name) => ({ name, namespace: 'public', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'], default_cursor_field: ['id'], source_defined_primary_key: [['id']] });
const trace = (failure_type, message) => say({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: 1, error: { failure_type, message } } });
if (args[0] === 'discover') {
  say({ type: 'CATALOG', catalog: { streams: (config.streams ?? ['users']).map(stream) } });
  process.exit(0);
}
const runs = fs.existsSync(config.runs) ? fs.readFileSync(config.runs, 'utf8').length + 1 : 1;
fs.writeFileSync(config.runs, '.'.repeat(runs));
const state = new Map(file('state').map((message) => [message.stream.stream_descriptor.name, message.stream.stream_state.batch]));
const failing = runs <= (config.failures ?? 0);
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
async function read() {
  fs.writeSync(2, 'a line on standard error\\n');
  if (config.measurement) say({ type: 'TRACE', trace: { type: 'ANALYTICS', emitted_at: 1, analytics: config.measurement } });
  if (config.print) fs.writeSync(1, config.print + '\\n');
  for (const { stream } of file('catalog').streams) {
    for (let batch = (state.get(stream.name) ?? 0) + 1; batch <= (config.batches ?? 3); batch++) {
      for (let i = 0; i < 10; i++) say({ type: 'RECORD', record: { stream: stream.name, namespace: 'public', emitted_at: 1, data: { id: batch * 10 + i, text: 'x'.repeat(config.width ?? 1) } } });
      say({ type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor: { name: stream.name, namespace: 'public' }, stream_state: { batch } }, sourceStats: { recordCount: 10 } } });
      if (failing && batch === 2) {
        if (config.failure === 'crash') process.kill(process.pid, 'SIGKILL');
        trace(config.failure, 'the ' + config.failure + ' of the stand-in');
        process.exit(1);
      }
      if (config.fillAfter === batch) fs.writeFileSync(config.fill, '');
      if (config.fillAfter === batch) try { for (;;) fs.appendFileSync(config.fill, 'x'.repeat(4096)); } catch {}
      if (config.slow) await new Promise((resolve) => setTimeout(resolve, config.slow));
    }
  }
}
process.on('SIGTERM', () => process.exit(143));
void read().then(() => config.hang && setInterval(() => {}, 1000));
`;

const DESTINATION = `
const fs = require('node:fs');
const args = process.argv.slice(2);
const config = JSON.parse(fs.readFileSync(args[args.indexOf('--config') + 1], 'utf8'));
let count = 0;
let total = 0;
if (config.leave) process.exit(0);
if (config.refuse) {
  fs.writeSync(1, JSON.stringify({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: 1, error: { failure_type: config.refuse, message: 'the ' + config.refuse + ' of the destination' } } }) + '\\n');
  process.exit(1);
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.type === 'RECORD') {
    count += 1;
    total += 1;
    if (config.dieAfter === total && !fs.existsSync(config.died)) {
      fs.writeFileSync(config.died, '');
      process.kill(process.pid, 'SIGKILL');
    }
    if (config.lose === total) count -= 1;
    if (config.log) fs.appendFileSync(config.log, message.record.data.id + '\\n');
  }
  if (message.type === 'STATE') {
    message.state.destinationStats = { recordCount: count };
    count = 0;
    if (!config.silent) fs.writeSync(1, JSON.stringify(message) + '\\n');
  }
});
`;

/** Writes both programs into the directory. @returns their command lines. */
export async function standInConnectors(directory: string): Promise<{ source: string[]; destination: string[] }> {
  const source = path.join(directory, 'source.cjs');
  const destination = path.join(directory, 'destination.cjs');
  await writeFile(source, SOURCE);
  await writeFile(destination, DESTINATION);
  return { source: [process.execPath, source], destination: [process.execPath, destination] };
}
