import * as fc from 'fast-check';
import { parseNodeMessage, type NodeMessage } from '../../src/channels/node-message';

const member = { connectionId: 'a', data: { name: 'ann' } };

const messages: NodeMessage[] = [
  { is: 'hello' },
  { is: 'beat' },
  { is: 'beat', at: 1000.5 },
  { is: 'bye' },
  { is: 'question', id: 1, about: 'count', channel: 'room' },
  { is: 'question', id: 2, about: 'members', channel: 'room' },
  { is: 'question', id: 3, about: 'nothing', channel: 'room' },
  { is: 'answer', id: 1, answer: 0 },
  { is: 'answer', id: 2, answer: [member, { connectionId: 'b', data: null }] },
  { is: 'answer', id: 3, answer: null },
  { is: 'close' },
  { is: 'close', code: 4000, reason: 'banned' },
  { is: 'watch', channel: 'room' },
  { is: 'unwatch', channel: 'room' },
  { is: 'members', channel: 'room', members: [] },
  { is: 'members', channel: 'room', members: [member] },
  { is: 'joined', channel: 'room', member },
  { is: 'left', channel: 'room', connectionId: 'a' },
];

test.each(messages)('%j is read as it was written', (message) => {
  expect(parseNodeMessage(JSON.stringify(message))).toEqual(message);
});

test('a member that subscribed with no data has none', () => {
  const message: NodeMessage = { is: 'joined', channel: 'room', member: { connectionId: 'a', data: undefined } };
  expect(parseNodeMessage(JSON.stringify(message))).toEqual(message);
});

test.each([
  ...['', 'x', '{', 'null', '5', '"text"', 'true', '[]', '["hello"]', '\ufffd', '{}'],
  ...['{"is":7}', '{"is":"nonsense"}', '{"is":"toString"}', '{"is":"__proto__"}', '{"is":["hello"]}'],
  ...['{"is":"beat","at":"now"}', '{"is":"beat","at":null}'],
  ...['{"is":"question","about":"count","channel":"room"}', '{"is":"question","id":1,"about":"x","channel":"room"}'],
  ...['{"is":"question","id":"1","about":"count","channel":"room"}', '{"is":"question","id":1,"about":"count"}'],
  ...['{"is":"answer","id":1}', '{"is":"answer","id":1,"answer":"5"}', '{"is":"answer","id":1,"answer":[{}]}'],
  ...['{"is":"close","code":"4000"}', '{"is":"close","reason":5}'],
  ...['{"is":"watch"}', '{"is":"unwatch","channel":7}'],
  ...['{"is":"members","channel":"room"}', '{"is":"members","channel":"room","members":[{"connectionId":7}]}'],
  ...['{"is":"joined","channel":"room"}', '{"is":"joined","channel":"room","member":null}'],
  ...['{"is":"left","channel":"room"}', '{"is":"left","channel":7,"connectionId":"a"}'],
])('%s is no message', (json) => {
  expect(parseNodeMessage(json)).toBeUndefined();
});

test('no JSON makes the parser throw, and what it reads names its kind', () => {
  const kinds = fc.constantFrom(...messages.map(({ is }) => is), 'nonsense');
  const value = fc.oneof(fc.string(), fc.integer(), fc.jsonValue());
  const fields = ['id', 'at', 'about', 'answer', 'code', 'reason', 'channel', 'members', 'member', 'connectionId'];
  const record = fc.record(
    { is: kinds, ...Object.fromEntries(fields.map((field) => [field, value])) },
    { requiredKeys: ['is'] },
  );
  fc.assert(
    fc.property(record, (given) => {
      const read = parseNodeMessage(JSON.stringify(given));
      if (read !== undefined) expect(messages.map(({ is }) => is)).toContain(read.is);
    }),
    { numRuns: 2000 },
  );
});
