import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NO_TRACING, type Tracing } from './span';
import { askedTracing, type Environment } from './switch';

export type { Environment } from './switch';

/**
 * Tracing as the environment asks for it. The SDK is loaded where it asks only: it takes 0.2 s of processor time, as much
 * as a connector's whole start.
 *
 * @param part the program, which is the service's name unless OTEL_SERVICE_NAME says another
 * @param complain told why nothing is traced, or why spans cannot be sent; never the reason for a program to fail
 */
export async function openTracing(
  part: string,
  environment: Environment,
  complain: (line: string) => void,
): Promise<Tracing> {
  const asked = askedTracing(environment);
  switch (asked.kind) {
    case 'off':
      return NO_TRACING;
    case 'refused':
      complain(asked.reason);
      return NO_TRACING;
    case 'on': {
      const { openOtlpTracing } = await import('./otlp-tracing.js');
      return openOtlpTracing(part, version(), asked.protocol, complain);
    }
    default:
      throw new TypeError(`unknown tracing ${JSON.stringify(asked satisfies never)}`);
  }
}

/** All programs are released under one. */
function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(__dirname, '../package.json'), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
