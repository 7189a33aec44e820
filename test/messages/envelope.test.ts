import { JsonCodec, PortalError, type Envelope } from '../../src/messages';
import {
  answerTo,
  endTo,
  errorIn,
  errorTo,
  isId,
  isServerId,
  itemTo,
  NO_REPLY,
  payloadOf,
  settle,
} from '../../src/messages/envelope';

const write = (envelope: Envelope): string => new JsonCodec().encode(envelope);

const asked = { event: 'e', id: 7 };
const told = { event: 'e', id: undefined };

test.each<[string, Envelope, string]>([
  ['an answer', answerTo(asked, 1), '{"event":"e","data":1,"id":7}'],
  ['an answer with nothing to say', answerTo(asked, null), '{"event":"e","data":null,"id":7}'],
  ['an answer that nobody waits for', answerTo(told, 1), '{"event":"e","data":1}'],
  ['one of several', itemTo(asked, 1), '{"event":"e","data":1,"id":7,"more":true}'],
  ['one of several that is nothing', itemTo(asked, undefined), '{"event":"e","data":null,"id":7,"more":true}'],
  ['the end of several', endTo(asked), '{"event":"e","id":7,"done":true}'],
  ['an error', errorTo(asked, { code: 'c', message: 'm' }), '{"event":"e","error":{"code":"c","message":"m"},"id":7}'],
  [
    'an error of an event',
    errorTo(told, { code: 'c', message: 'm' }),
    '{"event":"e","error":{"code":"c","message":"m"}}',
  ],
  ['an error of no event', errorTo(NO_REPLY, { code: 'c', message: 'm' }), '{"error":{"code":"c","message":"m"}}'],
])('%s', (_what, envelope, expected) => {
  expect(write(envelope)).toBe(expected);
  expect(Object.values(envelope)).not.toContain(undefined);
});

test.each([0, -1, 7, 1.5, Number.MAX_SAFE_INTEGER, '', 'x', undefined])('%p may be an id', (id) => {
  expect(isId(id)).toBe(true);
});

test.each([null, NaN, Infinity, 2 ** 53, true, {}, 1n])('%p is no id', (id) => {
  expect(isId(id)).toBe(false);
});

test('ids of the server begin with s:', () => {
  expect(['s:1', 's:'].map(isServerId)).toEqual([true, true]);
  expect(['S:1', 's', '', 1, undefined, ['s:']].map(isServerId)).toEqual([false, false, false, false, false, false]);
});

test('an error comes back as it was', () => {
  const errors = [
    new PortalError('mine', 'm', { details: [1], truncated: true }),
    new PortalError('forbidden'),
    new PortalError('mine', '', { details: null }),
  ];
  for (const error of errors) {
    const { code, message, details, truncated } = errorIn(payloadOf(error));
    expect({ code, message, details, truncated }).toEqual({
      code: error.code,
      message: error.message,
      details: error.details,
      truncated: error.truncated,
    });
  }
});

test('what is absent of an error is not written', () => {
  expect(payloadOf(new PortalError('c', 'm'))).toEqual({ code: 'c', message: 'm' });
  expect(() => payloadOf({ code: 5 as never, message: 'm' })).toThrow(TypeError);
});

test.each([undefined, null, 5, 'text', {}, { code: 5 }])('%p in the place of an error is some error', (payload) => {
  expect(errorIn(payload)).toMatchObject({ code: 'internal_error', message: 'Something went wrong.' });
});

describe('a request', () => {
  const calls: unknown[] = [];
  const one = {
    resolve: (data: unknown) => void calls.push(['resolve', data]),
    reject: (error: unknown) => void calls.push(['reject', (error as PortalError).code]),
  };
  const several = {
    ...one,
    item: (data: unknown) => void calls.push(['item', data]),
    end: () => void calls.push(['end']),
  };
  afterEach(() => void calls.splice(0));

  test.each<[Envelope, unknown, boolean]>([
    [{ data: 1 }, ['resolve', 1], true],
    [{}, ['resolve', undefined], true],
    [{ data: 1, error: null as never }, ['resolve', 1], true],
    [{ data: 1, error: { code: 'c', message: 'm' } }, ['reject', 'c'], true],
    [{ data: 1, more: true }, ['item', 1], false],
    [{ done: true }, ['end'], true],
    [{ error: { code: 'c', message: 'm' }, done: true }, ['reject', 'c'], true],
  ])('for several answers, settled by %j', (envelope, call, isOver) => {
    expect(settle(several, envelope)).toBe(isOver);
    expect(calls).toEqual([call]);
  });

  test.each<Envelope>([{ data: 1 }, { data: 1, more: true }, { data: 1, done: true }])(
    'for one answer, settled by %j',
    (envelope) => {
      expect(settle(one, envelope)).toBe(true);
      expect(calls).toEqual([['resolve', 1]]);
    },
  );
});
