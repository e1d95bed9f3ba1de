import { asNumber, asObject } from '../api/answer';
import type { Metabase } from '../api/metabase';
import type { JsonObject } from '../content/json';
import { entityId } from '../wire/ids';
import { defaultReporting, type Reporting } from '../content/reporting';
import { appliedFromText, appliedToText, reportingFromText, type Applied, type AppliedObject } from './applied';

/** The question that keeps the last apply; nobody has to open it. */
const STATE_KEY = 'ewallet-dashboards-state';
export const stateEntityId = entityId(STATE_KEY);
const SETTING = 'ewallet.applied';

interface CardFound {
  readonly id: number;
  readonly archived: boolean;
  /** The note's text there. */
  readonly written: string;
}

/**
 * The note of the last apply, kept in Metabase itself: as a setting of a small question in the content's collection. It
 * is found again by its entity_id, also in the Trash.
 */
export class StateCard {
  private constructor(
    private readonly metabase: Metabase,
    private card: CardFound | undefined,
    readonly applied: Map<string, AppliedObject>,
    /** What the content is shown in; what the last apply noted, until this run says otherwise. */
    public reporting: Reporting,
  ) {}

  static async open(metabase: Metabase, cards: readonly JsonObject[]): Promise<StateCard> {
    const listed = cards.find((card) => card.entity_id === stateEntityId);
    if (listed === undefined) return new StateCard(metabase, undefined, new Map(), defaultReporting);
    const id = asNumber(listed.id, 'the id of the note of the last apply');
    const card = await metabase.card(id, 'Reading the note of the last apply');
    const text = asObject(card.visualization_settings ?? {}, 'the note of the last apply')[SETTING];
    const applied = appliedFromText(text);
    const reporting = reportingFromText(text);
    const written = appliedToText(applied, reporting);
    return new StateCard(metabase, { id, archived: card.archived === true, written }, applied, reporting);
  }

  /** Writes the note where it differs from what is there; nothing else of the server changes. */
  async save(applied: Applied, place: { readonly database: number; readonly collection: number }): Promise<void> {
    const { metabase, card } = this;
    const text = appliedToText(applied, this.reporting);
    if (text === card?.written && !card.archived) return;
    const body = {
      name: 'Applied content (kept by ewallet-dashboards)',
      description:
        'What the last apply left here, so that edits made in Metabase are noticed and numbers stay. Leave it where it is.',
      display: 'table',
      collection_id: place.collection,
      dataset_query: {
        type: 'native',
        database: place.database,
        native: { query: "select 'kept by ewallet-dashboards' as note", 'template-tags': {} },
      },
      visualization_settings: { [SETTING]: text },
    };
    const doing = 'Writing the note of this apply';
    if (card === undefined) {
      const created = await metabase.create('card', { ...body, entity_id: stateEntityId }, doing);
      this.card = { id: asNumber(created.id, 'the id of the note'), archived: false, written: text };
      return;
    }
    await metabase.change('card', card.id, { ...body, ...(card.archived ? { archived: false } : {}) }, doing);
    this.card = { id: card.id, archived: false, written: text };
  }
}
