import RequestQueue from 'kafkajs/src/network/requestQueue';
import { restIdleConnections } from '../../../packages/kafka/src/connection/request-queue';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  push(request: unknown): void;
}

const NOW = 1_700_000_000_000;

function openQueue(): { readonly queue: Queue; readonly sent: number[] } {
  const logger = { debug: () => undefined };
  const Class = RequestQueue as unknown as new (options: object) => Queue;
  const queue = new Class({ maxInFlightRequests: 1, requestTimeout: 1_000, clientId: 'c', broker: 'b', logger });
  return { queue, sent: [] };
}

const request = (correlationId: number, sent: number[]) => ({
  entry: { correlationId, apiKey: 0, apiName: 'x', apiVersion: 0, resolve: () => undefined, reject: () => undefined },
  expectResponse: false,
  sendRequest: () => sent.push(correlationId),
});

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
  restIdleConnections();
});

afterEach(() => {
  jest.useRealTimers();
});

test('an idle connection sets no timer: kafkajs sets one each millisecond, at a time in the past', () => {
  const { queue } = openQueue();
  queue.checkPendingRequests();
  queue.scheduleCheckPendingRequests();
  expect(jest.getTimerCount()).toBe(0);
});

test('requests that a throttle holds back are sent when it is over, in their order, and the connection rests again', () => {
  const { queue, sent } = openQueue();
  queue.throttledUntil = NOW + 500;
  queue.push(request(1, sent));
  queue.push(request(2, sent));
  jest.advanceTimersByTime(499);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(1);
  expect({ sent, timers: jest.getTimerCount() }).toEqual({ sent: [1, 2], timers: 0 });
});
