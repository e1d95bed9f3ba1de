import { controlKeySchema, controlValueSchema, exactAvroType, frame, GENERATION_COMPLETE } from '@ewallet/avro';
import type { Span } from '@ewallet/kafka';
import { encodeControlHeaders } from '../encode/record-headers';
import type { TopicWriter } from '../kafka/topic-writer';
import type { StreamPlan } from './stream-plan';

function span(bytes: Buffer): Span {
  return { bytes, start: 0, end: bytes.length };
}

/** Writes "generation complete" to every partition of a stream's topic, behind the last record of the generation. */
export class GenerationMarkers {
  private readonly keyType = exactAvroType(controlKeySchema);
  private readonly valueType = exactAvroType(controlValueSchema);

  constructor(
    private readonly schemaIds: { readonly key: number; readonly value: number },
    private readonly topics: ReadonlyMap<string, TopicWriter>,
    private readonly now: () => number,
  ) {}

  add(plan: StreamPlan): void {
    const topic = this.topics.get(plan.topic);
    if (topic === undefined) return;
    const key = frame(this.schemaIds.key, this.keyType.toBuffer({ control: GENERATION_COMPLETE }));
    const value = frame(
      this.schemaIds.value,
      this.valueType.toBuffer({
        control: GENERATION_COMPLETE,
        generation_id: plan.generationId,
        completed_at: this.now() * 1000,
      }),
    );
    const headers = encodeControlHeaders(plan.mapping.stream, plan.syncId, GENERATION_COMPLETE);
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      topic.appendTo(partition, span(key), span(value), span(headers));
    }
  }
}
