import { resumeAt } from '../../../sink-warehouse/src/run/starting-offsets';

const bounds = { topic: 't', partition: 0, earliest: 10, stable: 20 };
const place = { nextOffset: 15, topicId: 'a', currentTopicId: 'a' };
const remedy =
  'Set topic.reset.policy=earliest to read what is there, or move the offset with PATCH /connectors/<name>/offsets.';

test.each([
  ['in the log', place],
  ['at its begin', { ...place, nextOffset: 10 }],
  ['at its end', { ...place, nextOffset: 20 }],
  ['of a topic whose id was never learnt', { ...place, topicId: null }],
  ['where the broker has no ids', { ...place, currentTopicId: undefined }],
])('an offset %s is read on from, whatever the policy', (_, standing) => {
  expect([resumeAt(standing, bounds, 'fail'), resumeAt(standing, bounds, 'earliest')]).toEqual([
    standing.nextOffset,
    standing.nextOffset,
  ]);
});

test.each([
  [
    'expired',
    { ...place, nextOffset: 9 },
    'the records before it have expired or were deleted, and are lost to the warehouse',
  ],
  ['rewound', { ...place, nextOffset: 21 }, 'the topic was truncated or recreated'],
  [
    'recreated and grown past the offset',
    { ...place, currentTopicId: 'b' },
    'the topic was deleted and recreated, with another id under the same name',
  ],
])('a log that is %s stops under fail, and is read from its begin under earliest', (_, standing, why) => {
  expect(() => resumeAt(standing, bounds, 'fail')).toThrow(
    `t partition 0: the warehouse is at offset ${standing.nextOffset}, but the topic holds 10 to 20: ${why}. ${remedy}`,
  );
  expect(resumeAt(standing, bounds, 'earliest')).toBe(10);
});
