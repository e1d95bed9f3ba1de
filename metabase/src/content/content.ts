import type { Dashboard } from './dashboard';
import type { Question } from './question';

/** A folder of Metabase. */
export interface Collection {
  readonly key: string;
  readonly name: string;
  readonly description?: string;
  readonly parent?: string;
}

/** Everything under metabase/content, by key. */
export interface Content {
  readonly collections: ReadonlyMap<string, Collection>;
  readonly questions: ReadonlyMap<string, Question>;
  readonly dashboards: ReadonlyMap<string, Dashboard>;
}
