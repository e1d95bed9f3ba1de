import { Failure } from '@ewallet/failure';
import { randomInt } from 'node:crypto';
import { mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Ports are drawn below the range from which kernels take outgoing ports (32768 and up on Linux, 49152 on macOS), so a
 * stopped server finds its port free when it starts again; a client that asked for port 0 cannot have taken it.
 */
const RANGE = { from: 21_000, to: 32_000 } as const;
const claims = path.join(tmpdir(), 'ewallet-local-stack-ports');

/** Long enough for any server to bind the port that was drawn for it. */
const CLAIM_MS = 180_000;

/**
 * Draws a port that nobody listens on and claims it by a file, so that two stacks that start at once cannot draw the
 * same one. The claim lapses after three minutes: from then on the listening server itself keeps others away.
 */
export async function drawPort(): Promise<number> {
  await mkdir(claims, { recursive: true, mode: 0o777 });
  for (let attempt = 0; attempt < 500; attempt++) {
    const port = randomInt(RANGE.from, RANGE.to);
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw Failure.transient(`no free port between ${RANGE.from} and ${RANGE.to}; stop some servers and try again`);
}

/** True when this process could listen on the port now. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

async function claim(port: number): Promise<boolean> {
  const file = path.join(claims, String(port));
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const claimed = await stat(file).catch(() => undefined);
    if (claimed !== undefined && Date.now() - claimed.mtimeMs < CLAIM_MS) return false;
    return renew(file);
  }
}

/** Takes over a lapsed claim: of several that try, only the one whose own pid stands in the file has it. */
async function renew(file: string): Promise<boolean> {
  await unlink(file).catch(() => undefined);
  const mine = String(process.pid);
  await writeFile(file, mine, { flag: 'wx' }).catch(() => undefined);
  return (await readFile(file, 'utf8').catch(() => '')) === mine;
}
