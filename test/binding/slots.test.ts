import type { BoundController, BoundHandler } from '../../src/binding/bound-controller';
import { assignSlots, type CodecKinds, type Slot } from '../../src/binding/slots';
import type { HandlerRecord } from '../../src/decorators';

type Declared = Partial<Pick<HandlerRecord, 'event' | 'error'>> & Partial<Pick<BoundHandler, 'body'>>;

class Chat {}

const handler = (method: string, kind: HandlerRecord['kind'], { body, ...record }: Declared = {}): BoundHandler => ({
  record: { method, kind, ...record },
  body,
  readers: [],
  mayWait: false,
  urlChecks: [],
});

const message = (method: string, body?: BoundHandler['body']) => handler(method, 'message', { body });

const assign = (handlers: BoundHandler[], kinds: CodecKinds = { text: true, binary: false }) =>
  assignSlots({ controller: Chat, handlers } as unknown as BoundController, kinds);

/** Who serves what, by name. */
function served(handlers: BoundHandler[], kinds?: CodecKinds): Partial<Record<Slot, string>> {
  return Object.fromEntries([...assign(handlers, kinds).single].map(([slot, { record }]) => [slot, record.method]));
}

const join = handler('join', 'message', { event: 'chat.join', body: 'value' });
const BINARY = { text: false, binary: true };
const BOTH = { text: true, binary: true };
const RAW = { text: false, binary: false };

test.each<[string, BoundHandler[], CodecKinds | undefined, Partial<Record<Slot, string>>]>([
  [
    'text and binary each have their own',
    [message('t', 'text'), message('b', 'binary')],
    RAW,
    { text: 't', binary: 'b' },
  ],
  ['any body takes both', [message('any', 'any')], RAW, { text: 'any', binary: 'any' }],
  ['no body takes both', [message('all')], RAW, { text: 'all', binary: 'all' }],
  ['a stream takes both', [message('s', 'stream')], RAW, { text: 's', binary: 's' }],
  ['no body takes what is left', [message('all'), message('t', 'text')], RAW, { text: 't', binary: 'all' }],
  ['a stream takes what is left', [message('s', 'stream'), message('b', 'binary')], RAW, { text: 's', binary: 'b' }],
  [
    'no body gets nothing where nothing is left',
    [message('all'), message('any', 'any')],
    RAW,
    { text: 'any', binary: 'any' },
  ],
  ['a value comes in text of a text codec', [message('v', 'value')], undefined, { text: 'v' }],
  ['a value comes in binary of a binary codec', [message('v', 'value')], BINARY, { binary: 'v' }],
  ['a value comes in both where there are codecs of both', [message('v', 'value')], BOTH, { text: 'v', binary: 'v' }],
  ['an event has no slot', [join], undefined, {}],
  ['beside events, no body takes both', [join, message('all')], undefined, { text: 'all', binary: 'all' }],
  ['beside events in text, a stream takes binary only', [join, message('s', 'stream')], undefined, { binary: 's' }],
  ['beside events in binary, a stream takes text only', [join, message('s', 'stream')], BINARY, { text: 's' }],
  [
    'the other hooks',
    (['upgrade', 'open', 'ping', 'pong', 'drain', 'close'] as const).map((kind) => handler(`on ${kind}`, kind)),
    undefined,
    { upgrade: 'on upgrade', open: 'on open', ping: 'on ping', pong: 'on pong', drain: 'on drain', close: 'on close' },
  ],
])('%s', (_what, handlers, kinds, expected) => {
  expect(served(handlers, kinds)).toEqual(expected);
});

test('events are found by name, handlers of errors are listed in their order', () => {
  const leave = handler('leave', 'message', { event: '' });
  const types = handler('types', 'error', { error: TypeError });
  const any = handler('any', 'error', { error: Error });
  const { events, errors } = assign([any, join, leave, types]);
  expect([...events]).toEqual([
    ['chat.join', join],
    ['', leave],
  ]);
  expect(errors).toEqual([any, types]);
});

test.each<[string, BoundHandler[], string]>([
  ['two of text', [message('a', 'text'), message('b', 'text')], 'a and b are both handlers of text messages.'],
  ['a value and text', [message('a', 'value'), message('b', 'text')], 'a and b are both handlers of text messages.'],
  ['any and binary', [message('a', 'any'), message('b', 'binary')], 'a and b are both handlers of binary messages.'],
  ['none and a stream', [message('a'), message('b', 'stream')], 'a and b are both handlers of all messages.'],
  [
    'two of an event',
    [join, handler('b', 'message', { event: 'chat.join' })],
    'join and b are both handlers of the event "chat.join".',
  ],
  ...(['upgrade', 'open', 'ping', 'pong', 'drain', 'close'] as const).map((kind): [string, BoundHandler[], string] => [
    `two of ${kind}`,
    [handler('a', kind), handler('b', kind)],
    `a and b are both handlers of @On${kind[0]!.toUpperCase()}${kind.slice(1)}().`,
  ]),
  [
    'two of all errors',
    [handler('a', 'error', { error: Error }), handler('b', 'error', { error: Error })],
    'a and b are both handlers of @OnError(Error).',
  ],
])('refused: %s', (_what, handlers, expected) => {
  expect(() => assign(handlers)).toThrow(`Chat: ${expected}`);
});
