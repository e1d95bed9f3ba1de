import { jsonMember } from './json-member';
import { streamName } from './message';
import type { ConfiguredStream } from './selection';
import { GLOBAL_STATE } from './state-file';

/**
 * The catalogue as the destination gets it: each stream says whether the source continues from a state. Nothing in Airbyte's
 * protocol tells a destination so, and one whose topic or table is gone could not know that earlier rows will not come
 * again (docs/adr/0015-a-resumed-stream-needs-its-topic.md). Other destinations ignore the member.
 */
export function destinationCatalog(
  streams: readonly ConfiguredStream[],
  states: ReadonlyMap<string, string>,
): { readonly streams: readonly (ConfiguredStream & { readonly resumes_from_state: boolean })[] } {
  const inGlobal = streamsOfGlobal(states.get(GLOBAL_STATE));
  return {
    streams: streams.map((configured) => {
      const name = streamName(configured.stream);
      return { ...configured, resumes_from_state: states.has(name) || inGlobal.has(name) };
    }),
  };
}

function streamsOfGlobal(json: string | undefined): ReadonlySet<string> {
  const list = jsonMember(jsonMember(json ?? '{}', 'global') ?? '{}', 'stream_states');
  const states = JSON.parse(list ?? '[]') as readonly {
    readonly stream_descriptor: Readonly<Record<string, unknown>>;
  }[];
  return new Set(states.map(({ stream_descriptor: descriptor }) => streamName(descriptor)));
}
