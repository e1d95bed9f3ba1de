import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '@ewallet/failure';

/** The clone this benchmark runs in: what it measures is built there. */
export const ROOT = path.resolve(__dirname, '..', '..', '..', '..');

/** One of the product's commands, as users have it. */
export function programPath(name: string): string {
  return path.join(ROOT, 'node_modules', '.bin', name);
}

/** A program of the system, or undefined where it is not installed. */
export function systemProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((file) => existsSync(file));
}

/** Kafka's own tools: local-stack has downloaded them with the broker. */
export function kafkaClasspath(): string {
  const cache = process.env.EWALLET_CACHE_DIR ?? path.join(ROOT, '.cache');
  const directory = path.join(cache, 'kafka-4.1.0');
  if (!existsSync(directory)) throw Failure.config(`Kafka's tools are not in ${directory}: start local-stack once.`);
  return path.join(directory, '*');
}
