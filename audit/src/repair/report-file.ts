import { Failure, isObject, readText } from '@ewallet/failure';
import type { KeyValue, ShownKey } from '../report/audit-report';
import type { Finding } from './repair-plan';

/** A text in JSON, or a number: of both only the number is taken. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * What `ewallet-audit run --json` wrote, without the keys' columns.
 *
 * @throws Failure that names the file
 */
export async function readReport(file: string): Promise<readonly Omit<Finding, 'key'>[]> {
  const text = await readText(file, 'report');
  let value: unknown;
  try {
    // A key may have more digits than a JavaScript number: all numbers become texts.
    value = JSON.parse(text.replace(TEXT_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  } catch {
    throw notAReport(file);
  }
  const streams = isObject(value) && Array.isArray(value.streams) ? (value.streams as readonly unknown[]) : undefined;
  if (streams === undefined) throw notAReport(file);
  return streams.map((stream) => parseStream(stream, file));
}

function parseStream(value: unknown, file: string): Omit<Finding, 'key'> {
  if (!isObject(value) || typeof value.stream !== 'string') throw notAReport(file);
  const different = listOf(value.different, file).map((row) => {
    if (!isObject(row)) throw notAReport(file);
    return parseKey(row.key, file);
  });
  return {
    stream: value.stream,
    rows: Number(value.rows),
    missing: listOf(value.missing, file).map((key) => parseKey(key, file)),
    extra: listOf(value.extra, file).map((key) => parseKey(key, file)),
    different,
  };
}

function parseKey(value: unknown, file: string): ShownKey {
  if (isKeyValue(value)) return value;
  if (Array.isArray(value) && value.every(isKeyValue)) return value;
  throw notAReport(file);
}

function isKeyValue(value: unknown): value is KeyValue {
  return value === null || typeof value === 'string';
}

function listOf(value: unknown, file: string): readonly unknown[] {
  if (!Array.isArray(value)) throw notAReport(file);
  return value;
}

function notAReport(file: string): Failure {
  return Failure.config(`The report ${file} is not one that \`ewallet-audit run --json\` wrote.`);
}
