import { Failure } from '@ewallet/failure';
import type { Content } from './content';
import { isList, type Json } from './json';

/** What the marts' amounts are converted to, and whose midnights end their days. */
export interface Reporting {
  /** ISO 4217 code. */
  readonly currency: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** What dbt reports in where nobody says otherwise (dbt_project.yml). */
export const defaultReporting: Reporting = { currency: 'USD', timeZone: 'UTC' };

/** @throws Failure where the text is no code of ISO 4217's form. */
export function currencyCode(text: string): string {
  if (!/^[A-Z]{3}$/.test(text))
    throw Failure.config(`"${text}" is no currency: the reporting currency is three capitals, as in KES.`);
  return text;
}

/** @throws Failure where this machine knows no such zone. */
export function timeZoneName(text: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch (error) {
    throw Failure.config(`"${text}" is no time zone: the reporting time zone is a name as Africa/Nairobi.`, {
      cause: error,
    });
  }
}

/** How English names several units of a currency, as in "in US dollars"; the code where it has no name for them. */
export function currencyName(code: string): string {
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency: code, currencyDisplay: 'name' });
  return parts.formatToParts(2).find(({ type }) => type === 'currency')?.value ?? code;
}

/** The calendar day, as an ISO date, that an instant falls on in a time zone. */
export function dayIn(timeZone: string, instant: Date): string {
  return wallClock(timeZone, instant).slice(0, 10);
}

/** What a clock on the wall shows in a time zone, as an ISO text without a zone. */
export function wallClock(timeZone: string, instant: Date): string {
  const clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone });
  return clock.format(instant).replace(' ', 'T');
}

type Words = ReadonlyMap<string, string>;

/** What the content's placeholders stand for. The longest are first, as one text may hold another. */
function wordsFor({ currency, timeZone }: Reporting): Words {
  return new Map([
    ['${reporting_currency_name}', currencyName(currency)],
    ['${reporting_currency}', currency],
    ['${reporting_time_zone}', timeZone],
  ]);
}

/** The content with the reporting currency and time zone in place of their placeholders: what Metabase and the page show. */
export function inReporting(content: Content, reporting: Reporting): Content {
  const words = wordsFor(reporting);
  const fill = <T extends object>(files: ReadonlyMap<string, T>): Map<string, T> =>
    // Texts alone are replaced by texts, so that a filled file has the type of its file.
    new Map([...files].map(([key, file]) => [key, mapTexts(file as Json, (text) => filled(text, words)) as T]));
  return {
    collections: fill(content.collections),
    questions: fill(content.questions),
    dashboards: fill(content.dashboards),
  };
}

/**
 * What Metabase shows, in the words of the file that it was made from: where the file has a placeholder, so has the result.
 * A text that was edited keeps the placeholder while the edited text still says what it stood for.
 * @param file the file with its placeholders; undefined for what no file has, which then stays as it is shown.
 */
export function asInFile(shown: Json, file: Json | undefined, reporting: Reporting): Json {
  return restored(shown, file, wordsFor(reporting));
}

function restored(shown: Json, file: Json | undefined, words: Words): Json {
  if (file === undefined || file === null) return shown;
  if (typeof shown === 'string') return typeof file === 'string' ? restoredText(shown, file, words) : shown;
  if (isList(shown)) return isList(file) ? restoredList(shown, file, words) : shown;
  if (shown === null || typeof shown !== 'object' || typeof file !== 'object' || isList(file)) return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, restored(value, file[key], words)]));
}

function restoredText(shown: string, file: string, words: Words): string {
  if (filled(file, words) === shown) return file;
  let text = shown;
  for (const [placeholder, word] of words) if (file.includes(placeholder)) text = text.replaceAll(word, placeholder);
  // A name that holds the code, as XTS does where there is no name, must not be replaced twice.
  return filled(text, words) === shown ? text : shown;
}

/** Lines of SQL move and cards are taken out: an item is known again by its text or its key, not by its place. */
function restoredList(shown: readonly Json[], file: readonly Json[], words: Words): Json[] {
  const texts = new Map(
    file.flatMap((item) => (typeof item === 'string' ? [[filled(item, words), item] as const] : [])),
  );
  const keyed = new Map(file.flatMap((item) => (keyOf(item) === undefined ? [] : [[keyOf(item), item] as const])));
  return shown.map((item, index) => {
    if (typeof item === 'string') return texts.get(item) ?? restored(item, file[index], words);
    const key = keyOf(item);
    return restored(item, key === undefined ? file[index] : keyed.get(key), words);
  });
}

function keyOf(item: Json): string | undefined {
  if (item === null || typeof item !== 'object' || isList(item)) return undefined;
  return typeof item.key === 'string' ? item.key : undefined;
}

function filled(text: string, words: Words): string {
  let result = text;
  for (const [placeholder, word] of words) result = result.replaceAll(placeholder, word);
  return result;
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (isList(value)) return value.map((item) => mapTexts(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]));
}

/** What a file may write in place of the reporting currency and time zone. */
export const placeholders: readonly string[] = [...wordsFor(defaultReporting).keys()].sort();
