import { getEventListeners } from 'node:events';
import { JsonCodec, MessagePackCodec, type Codec, type Envelope } from '../../src/messages';
import { Deadlines } from '../../src/messages/deadlines';
import { IncomingStream } from '../../src/connection/message-stream';
import { ConnectionClosedError, PortalError } from '../../src/messages/portal-error';
import { Requests } from '../../src/connection/requests';
import { ManualClock } from '../support/manual-clock';

function requestsOf(codec: Codec = new JsonCodec()) {
  const clock = new ManualClock();
  const sent: (string | Uint8Array)[] = [];
  const settled = jest.fn();
  const requests = new Requests(codec, new Deadlines(clock), (message) => void sent.push(message), settled);
  const answer = (envelope: Envelope) => requests.take(codec.encode(envelope) as string);
  return { requests, clock, sent, settled, answer };
}

test('a request is sent with an id of the server, and resolves with the data of its answer', async () => {
  const { requests, sent, settled, answer, clock } = requestsOf();
  const name = requests.request('name?', { a: 1 }, {});
  expect(sent).toEqual(['{"event":"name?","data":{"a":1},"id":"s:1"}']);
  expect(requests.awaiting).toBe(true);
  expect(answer({ event: 'name?', data: 'joe', id: 's:1' })).toBe('awaited');
  expect(await name).toBe('joe');
  expect(requests.awaiting).toBe(false);
  expect(settled).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('answers come in any order, each to its own request', async () => {
  const { requests, answer, settled } = requestsOf();
  const answers = [1, 2, 3].map((n) => requests.request('n', n, {}));
  for (const n of [3, 1, 2]) answer({ event: 'n', data: `answer ${n}`, id: `s:${n}` });
  expect(await Promise.all(answers)).toEqual(['answer 1', 'answer 2', 'answer 3']);
  expect(settled).toHaveBeenCalledTimes(1);
});

test.each<[string, unknown]>([
  ['null', null],
  ['zero', 0],
  ['false', false],
  ['an empty string', ''],
])('%s is an answer', async (_what, data) => {
  const { requests, answer } = requestsOf();
  const asked = requests.request('e', undefined, {});
  answer({ event: 'e', data, id: 's:1' });
  expect(await asked).toBe(data);
});

test.each<[string, unknown, { code: string; message: string; details: unknown }]>([
  ['an error', { code: 'busy', message: 'later', details: [1] }, { code: 'busy', message: 'later', details: [1] }],
  ['a code of ours', { code: 'forbidden' }, { code: 'forbidden', message: 'This is not allowed.', details: undefined }],
  ['a code alone', { code: 'mine' }, { code: 'mine', message: 'mine', details: undefined }],
  ['no object', 'boom', { code: 'internal_error', message: 'Something went wrong.', details: undefined }],
  [
    'what is no text',
    { code: 5, message: { a: 1 } },
    { code: 'internal_error', message: 'Something went wrong.', details: undefined },
  ],
  ['the name of a method', { code: 'toString' }, { code: 'toString', message: 'toString', details: undefined }],
])('an answer whose error is %s rejects with a PortalError', async (_what, error, expected) => {
  const { requests, settled } = requestsOf();
  const asked = requests.request('e', 1, {});
  expect(requests.take(JSON.stringify({ event: 'e', id: 's:1', error }))).toBe('awaited');
  await expect(asked).rejects.toBeInstanceOf(PortalError);
  await expect(asked).rejects.toMatchObject(expected);
  expect(settled).toHaveBeenCalledTimes(1);
});

test('null in place of an error is none', async () => {
  const { requests } = requestsOf();
  const asked = requests.request('e', 1, {});
  expect(requests.take('{"event":"e","id":"s:1","data":5,"error":null}')).toBe('awaited');
  expect(await asked).toBe(5);
});

test.each([-1, NaN])('a time-out of %d milliseconds is none', (timeoutMs) => {
  const { requests, sent } = requestsOf();
  expect(() => requests.request('e', 1, { timeoutMs })).toThrow(
    new RangeError(`timeoutMs must be a number from 0 up, not ${timeoutMs}`),
  );
  expect(sent).toEqual([]);
});

test('after ten seconds, or what was asked for, it fails with timeout; the answer that comes then means nothing', async () => {
  const { requests, clock, settled, answer } = requestsOf();
  const [slow, quick] = [requests.request('slow', 1, {}), requests.request('quick', 1, { timeoutMs: 50 })];
  const [slowFails, quickFails] = [slow, quick].map((asked) => asked.catch((error: unknown) => error));
  clock.advance(50);
  expect(await quickFails).toMatchObject({
    code: 'timeout',
    status: 504,
    message: 'The peer did not answer quick within 50 ms.',
  });
  clock.advance(9_949);
  expect(requests.awaiting).toBe(true);
  expect(settled).not.toHaveBeenCalled();
  clock.advance(1);
  expect(await slowFails).toMatchObject({ code: 'timeout' });
  expect(settled).toHaveBeenCalledTimes(1);
  expect(answer({ event: 'quick', data: 1, id: 's:2' })).toBe('late');
  expect(answer({ event: 'slow', data: 1, id: 's:1' })).toBe('late');
  expect(settled).toHaveBeenCalledTimes(1);
});

test('a signal gives a request up with its reason, at once when it has aborted before', async () => {
  const { requests, sent, clock, answer } = requestsOf();
  const abort = new AbortController();
  const asked = requests.request('e', 1, { signal: abort.signal });
  const reason = new Error('no longer of interest');
  abort.abort(reason);
  await expect(asked).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
  expect(answer({ event: 'e', data: 1, id: 's:1' })).toBe('late');
  await expect(requests.request('e', 2, { signal: abort.signal })).rejects.toBe(reason);
  expect(sent).toHaveLength(1);
});

test('nothing is left on the signal of a request that was answered', async () => {
  const { requests, answer } = requestsOf();
  const { signal } = new AbortController();
  const asked = requests.request('e', 1, { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  answer({ event: 'e', data: 1, id: 's:1' });
  await asked;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('when the connection closes, all that wait fail, and no timer is left', async () => {
  const { requests, clock, settled } = requestsOf();
  const asked = [requests.request('a', 1, {}), requests.request('b', 1, { timeoutMs: 5 })];
  requests.close();
  for (const each of asked) await expect(each).rejects.toBeInstanceOf(ConnectionClosedError);
  expect(requests.awaiting).toBe(false);
  expect(settled).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('data that the codec cannot express is thrown, and nothing waits', () => {
  const { requests, sent, clock } = requestsOf();
  expect(() => requests.request('e', 1n, {})).toThrow(TypeError);
  expect(requests.awaiting).toBe(false);
  expect(sent).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('while nothing was asked, nothing is an answer', () => {
  const { requests, answer } = requestsOf();
  expect(answer({ event: 'e', data: 1, id: 's:1' })).toBeUndefined();
  expect(requests.take('{')).toBeUndefined();
});

const stream = new IncomingStream(false, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} });

test.each<[string, string | Buffer | IncomingStream]>([
  ['no JSON', '{'],
  ['JSON that is no object', 'null'],
  ['a number', '7'],
  ['a text', '"s:1"'],
  ['without id', '{"event":"e","data":1}'],
  ['with an id of the peer’s own', '{"event":"e","data":1,"id":"1"}'],
  ['with a number for id', '{"event":"e","data":1,"id":1}'],
  ['with an id in capitals', '{"event":"e","data":1,"id":"S:1"}'],
  ['with an unsafe name in it', '{"event":"e","data":{"__proto__":1},"id":"s:1"}'],
  ['a message of the other kind', Buffer.from('{"event":"e","data":1,"id":"s:1"}')],
  ['a message that is read while it arrives', stream],
])('%s is no answer', async (_what, message) => {
  const { requests, answer } = requestsOf();
  const asked = requests.request('e', 1, {});
  expect(requests.take(message)).toBeUndefined();
  expect(requests.awaiting).toBe(true);
  answer({ event: 'e', data: 'the answer', id: 's:1' });
  expect(await asked).toBe('the answer');
});

test('an answer to what was never asked, or a second one, means nothing while others wait', async () => {
  const { requests, answer } = requestsOf();
  const [first, second] = [requests.request('e', 1, {}), requests.request('e', 2, {})];
  expect(answer({ event: 'e', data: 'first', id: 's:1' })).toBe('awaited');
  expect(answer({ event: 'e', data: 'again', id: 's:1' })).toBe('late');
  expect(answer({ event: 'e', data: 'never asked', id: 's:99' })).toBe('late');
  expect(answer({ event: 'e', data: 'never asked', id: 's:__proto__' })).toBe('late');
  answer({ event: 'e', data: 'second', id: 's:2' });
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
});

test.each<[string, string]>([
  ['with spaces', '{ "data" : "joe" , "id" : "s:1" }'],
  ['with escapes', String.raw`{"data":"joe","id":"\u0073\u003a1"}`],
])('an answer is one however its JSON is written: %s', async (_how, message) => {
  const { requests } = requestsOf();
  const asked = requests.request('e', 1, {});
  expect(requests.take(message)).toBe('awaited');
  expect(await asked).toBe('joe');
});

test('our own codecs do not decode a message without an id of ours; other codecs always do', async () => {
  class Own extends JsonCodec {}
  for (const [codec, reads] of [
    [new JsonCodec(), 1],
    [new Own(), 2],
  ] as const) {
    const { requests, answer } = requestsOf(codec);
    const decode = jest.spyOn(codec, 'decode');
    const asked = requests.request('e', 1, {});
    expect(requests.take('{"event":"e","data":"x","id":"1"}')).toBeUndefined();
    answer({ data: 'joe', id: 's:1' });
    expect(await asked).toBe('joe');
    expect(decode).toHaveBeenCalledTimes(reads);
  }
});

test('a binary codec asks and is answered in binary messages', async () => {
  const codec = new MessagePackCodec();
  const { requests, sent, answer } = requestsOf(codec);
  const asked = requests.request('e', new Uint8Array([1]), {});
  expect(codec.decode(sent[0]!)).toEqual({ event: 'e', data: new Uint8Array([1]), id: 's:1' });
  expect(requests.take('{"event":"e","data":1,"id":"s:1"}')).toBeUndefined();
  expect(requests.take(Buffer.from(codec.encode({ event: 'e', data: 2, id: 's:1' })))).toBe('awaited');
  expect(await asked).toBe(2);
  expect(answer({ event: 'e', data: 3, id: 's:1' })).toBeUndefined();
});
