import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  ChannelError,
  channelName,
  checkName,
  checkPattern,
  checkNameOrPattern,
  userChannel,
} from '../../src/channels/channel-name';

/** What it throws. */
function thrown(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return error;
  }
}

const wrong = { name: 'TypeError', code: 'validation_failed' };

test.each([
  'room',
  'room:7',
  'a:b:c',
  ':',
  'raum:größe',
  '🙂',
  '__proto__',
  'x'.repeat(200),
  '>',
  'a.>',
  '?',
  '[a-z]',
  '\\',
])('%j is the name of one channel', (name) => {
  expect(checkNameOrPattern(name)).toBe('name');
  expect(() => checkName(name)).not.toThrow();
  expect(thrown(() => checkPattern(name))).toMatchObject(wrong);
});

test.each(['*', '**', 'room:*', 'room:**', '*:7', 'a:*:c', '*:*:**'])('%j is a pattern', (pattern) => {
  expect(checkNameOrPattern(pattern)).toBe('pattern');
  expect(() => checkPattern(pattern)).not.toThrow();
  expect(thrown(() => checkName(pattern))).toMatchObject({
    ...wrong,
    message: `a channel's name has 1 to 200 characters, no white space and no *: "${pattern}"`,
  });
});

test.each(['room*', 'a**', '***', 'a*:*', 'a*b', '**:7', 'a:**:b', '**:**', '**:*', 'a:**:', 'a.*'])(
  'in %j the star stands for no part, so that it is neither',
  (text) => {
    for (const check of [checkName, checkPattern, checkNameOrPattern])
      expect(thrown(() => check(text))).toMatchObject(wrong);
    expect(() => checkNameOrPattern(text)).toThrow(/^in a pattern of channels, a part .*: "/);
  },
);

test.each([
  '',
  'x'.repeat(201),
  ' ',
  'room 7',
  ' room',
  'room\n',
  'a\tb',
  'a\u00a0b',
  'a\u2028b',
  'a\ufeffb',
  'a\0b',
  'a\u001bb',
  'a\u007f',
  'a\ud800',
  '\udc00*',
])('%j is neither', (name) => {
  for (const check of [checkName, checkPattern, checkNameOrPattern]) {
    expect(thrown(() => check(name))).toBeInstanceOf(TypeError);
    expect(thrown(() => check(name))).toMatchObject(wrong);
    expect(() => check(name)).toThrow(/^a channel's name has 1 to 200 characters, no white space and no \*: "/);
  }
});

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [7, 'number'],
  [['room'], 'object'],
  [Buffer.from('room'), 'object'],
  [new String('room'), 'object'],
])('%p is no string', (name, type) => {
  for (const check of [checkName, checkPattern, checkNameOrPattern]) {
    expect(() => check(name)).toThrow(new ChannelError(`a channel's name is a string, not ${type}`));
  }
});

test('an error does not repeat all of a name that is too long', () => {
  const error = thrown(() => checkName('x'.repeat(1_000_000))) as ChannelError;
  expect(error.message.length).toBeLessThan(300);
  expect(error.reason).toBe("a channel's name has 1 to 200 characters, no white space and no *");
});

describe('channelName', () => {
  const sha = (text: string): string => createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');

  test.each([
    ['7', 'room:7'],
    ['', 'room:'],
    ['größe', 'room:größe'],
    ['🙂', 'room:🙂'],
    ['*', 'room:%2A'],
    ['**', 'room:%2A%2A'],
    ['%2A', 'room:%252A'],
    ['a:b', 'room:a%3Ab'],
    ['a b\n', 'room:a%20b%0A'],
    ['\u00a0\u2028\ud800', 'room:%A0%u2028%uD800'],
    ['a.>?[a-z]\\', 'room:a.>?[a-z]\\'],
    ['%sha256-', 'room:%25sha256-'],
    ['x'.repeat(195), `room:${'x'.repeat(195)}`],
    ['x'.repeat(196), `room:%sha256-${sha('x'.repeat(196))}`],
    [' '.repeat(66), `room:%sha256-${sha(' '.repeat(66))}`],
    ['*'.repeat(5000), `room:%sha256-${sha('*'.repeat(5000))}`],
  ])('of %j is %j', (text, name) => {
    expect(channelName('room', text)).toBe(name);
    expect(() => checkName(name)).not.toThrow();
  });

  test('of halves of surrogate pairs, however long, is another for each', () => {
    const texts = ['\ud800', '\ud801', '\udc00', '\ufffd'].flatMap((half) => [half, half.repeat(300)]);
    expect(new Set(texts.map((text) => channelName('room', text))).size).toBe(texts.length);
  });

  test("is no other text's name, though a text be made like one", () => {
    const seed = ['*', ':', '%', 'a b', 'x'.repeat(5000), '\u2028', '\ud800'];
    const texts = new Set(seed);
    // what names look like, as texts, again and again
    for (let round = 0; round < 4; round++) {
      for (const text of [...texts]) {
        const name = channelName('room', text);
        texts
          .add(name)
          .add(name.slice('room:'.length))
          .add(name.slice(name.indexOf('%') + 1));
      }
    }
    expect(texts.size).toBeGreaterThan(100);
    expect(new Set([...texts].map((text) => channelName('room', text))).size).toBe(texts.size);
  });

  const prefix = fc.stringMatching(/^[a-z:%.]{1,6}$/);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('*', ':', '%', '2', 'A', 'u', ' ', '\ud800', '\udc00'), maxLength: 400 }),
  );

  test('is a name, and another one for another prefix or text', () => {
    fc.assert(
      fc.property(prefix, text, prefix, text, (p, a, q, b) => {
        const [one, other] = [channelName(p, a), channelName(q, b)];
        expect(() => checkName(one)).not.toThrow();
        expect(one.startsWith(`${p}:`)).toBe(true);
        expect(one === other).toBe(p === q && a === b);
      }),
    );
    expect(channelName('a', 'b:c')).not.toBe(channelName('a:b', 'c'));
  });

  test.each(['', 'room*', 'a b', '*', undefined, 'x'.repeat(149)])('takes no prefix such as %j', (bad) => {
    expect(thrown(() => channelName(bad as string, '7'))).toMatchObject(wrong);
    expect(channelName('x'.repeat(148), 'y'.repeat(100))).toHaveLength(200);
  });

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, 'number'],
    [['7'], 'object'],
    [{ toString: () => '7' }, 'object'],
  ])('is not made of %p', (text, type) => {
    expect(() => channelName('room', text as never)).toThrow(
      new ChannelError(`the name of a channel is made of a string, not of ${type}`),
    );
  });
});

test('the channel of a user has a name that no application can use', () => {
  for (const id of ['ann', '', 'a b', 'a:*', '**', '\0', 'ß', '\ud800', 'x'.repeat(5000)]) {
    expect(() => checkName(userChannel(id))).toThrow(TypeError);
    expect(() => checkPattern(userChannel(id))).toThrow(TypeError);
  }
});

test('each user has a channel, whatever the id', () => {
  const long = ['x', 'y', '*', '\ud800', '\ud801'].map((character) => character.repeat(5000));
  const short = [
    'ann',
    'Ann',
    '',
    ' ',
    '"',
    '%22',
    'a:b',
    'a%3Ab',
    '*',
    '>',
    '?',
    '[a-z]',
    '\ud800',
    '\ufffd',
    '\\ud800',
  ];
  const ids = [...short, ...long, ...long.map((id) => userChannel(id).slice('user '.length))];
  expect(new Set(ids.map(userChannel)).size).toBe(ids.length);
  // brokers split it nowhere, and take nothing of it for a pattern
  for (const id of ids) expect(userChannel(id)).toMatch(/^user [\w%.!~'()-]{1,300}$/);
});
