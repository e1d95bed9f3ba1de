import { Failure } from '@ewallet/failure';
import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Truststore } from '../config/registry';

const run = promisify(execFile);

/** Writes certificates that came as PEM in the form that Flink's registry client takes, by Java's own keytool. */
export async function provideTruststore(java: string, truststore: Truststore | undefined): Promise<void> {
  if (truststore?.from === undefined) return;
  const certificates = truststore.from.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    throw Failure.config('`schema_registry.ca_certificate` must be PEM text: -----BEGIN CERTIFICATE-----…');
  }
  await mkdir(path.dirname(truststore.file), { recursive: true });
  const next = `${truststore.file}.${process.pid}`;
  const pem = `${next}.pem`;
  const keytool = path.join(path.dirname(java), 'keytool');
  try {
    for (const [index, certificate] of certificates.entries()) {
      await writeFile(pem, certificate);
      const args = ['-importcert', '-noprompt', '-alias', `ca${index}`, '-file', pem, '-keystore', next];
      await run(path.dirname(java) === '.' ? 'keytool' : keytool, [
        ...args,
        ...['-storetype', 'PKCS12', '-storepass', truststore.password],
      ]);
    }
    await rename(next, truststore.file);
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : String(error);
    throw Failure.config(`Java's keytool does not take "schema_registry.ca_certificate": ${said.slice(0, 300)}`, {
      cause: error,
    });
  } finally {
    await rm(pem, { force: true });
    await rm(next, { force: true });
  }
}
