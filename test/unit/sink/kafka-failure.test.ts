import { Failure } from '@ewallet/failure';
import { failureWithKafka } from '../../../sink-warehouse/src/run/kafka-failure';

const brokers = ['a:9092', 'b:9092'];

test.each([
  [
    { name: 'KafkaJSNumberOfRetriesExceeded', message: 'Connection error: connect ECONNREFUSED 127.0.0.1:1' },
    'transient_error',
    'Kafka at a:9092, b:9092 could not be reached: Connection error: connect ECONNREFUSED 127.0.0.1:1. Check consumer.override.bootstrap.servers, and that the brokers run.',
  ],
  [
    { name: 'KafkaJSSASLAuthenticationError', message: 'SCRAM: authentication failed' },
    'config_error',
    'Kafka at a:9092, b:9092 refused: SCRAM: authentication failed. Check credentials and rights of consumer.override.*.',
  ],
  [
    { name: 'KafkaJSProtocolError', message: 'The coordinator is loading' },
    'transient_error',
    "Kafka at a:9092, b:9092 answered with an error: The coordinator is loading. Look at the cluster's health.",
  ],
  [{ name: 'TypeError', message: 'x is not a function' }, 'system_error', 'Unexpected error: x is not a function'],
])('%j is said as a %s, with the brokers where it is Kafka’s', (thrown, kind, message) => {
  const failure = failureWithKafka(Object.assign(new Error(thrown.message), { name: thrown.name }), brokers);
  expect({ kind: failure.kind, message: failure.message }).toEqual({ kind, message });
});

test('a failure that was explained where it happened stays as it is', () => {
  const explained = Failure.config('Table raw.users: it has no primary key.');
  expect(failureWithKafka(explained, brokers)).toBe(explained);
});
