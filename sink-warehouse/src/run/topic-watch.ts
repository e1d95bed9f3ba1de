import { Failure } from '@ewallet/failure';
import { type Cluster, listTopics, type TopicPartition } from '@ewallet/kafka';
import type { TopicChoice } from '../config/sink-config';

/** The partitions of the chosen topics that exist now. Topics of a list that do not exist yet are waited for. */
export async function chosenPartitions(
  cluster: Cluster,
  choice: TopicChoice,
  excluded: string | undefined,
): Promise<TopicPartition[]> {
  const all = await listTopics(cluster);
  const chosen = [...all.keys()].filter((topic) => topic !== excluded && isChosen(choice, topic)).sort();
  return chosen.flatMap((topic) => (all.get(topic) ?? []).map((partition) => ({ topic, partition })));
}

function isChosen(choice: TopicChoice, topic: string): boolean {
  switch (choice.kind) {
    case 'list':
      return choice.topics.includes(topic);
    case 'regex':
      return choice.regex.test(topic);
    default:
      throw Failure.system(`Unknown choice of topics ${JSON.stringify(choice satisfies never)}.`);
  }
}
