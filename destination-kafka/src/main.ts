import { runAsProcess, runDestination } from '@ewallet/airbyte';
import { KafkaDestination } from './destination';

void runAsProcess((surroundings) =>
  runDestination('destination-kafka', (context) => new KafkaDestination(context), surroundings),
);
