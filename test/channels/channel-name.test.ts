import { checkName, isPattern, userChannel } from '../../src/channels/channel-name';

test.each(['room', 'room:7', 'a:b:c', ':', 'room*', 'a**', '***', 'raum:größe', '🙂', '__proto__', 'x'.repeat(200)])(
  '%j is the name of one channel',
  (name) => {
    expect(isPattern(name)).toBe(false);
    expect(() => checkName(name)).not.toThrow();
  },
);

test.each(['*', '**', 'room:*', 'room:**', '*:7', 'a:*:c', '*:*:**', 'a*:*'])('%j is a pattern', (pattern) => {
  expect(isPattern(pattern)).toBe(true);
  expect(() => checkName(pattern)).toThrow(
    new TypeError(`"${pattern}" is a pattern: this needs the name of one channel`),
  );
});

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
])('%j is neither', (name) => {
  expect(() => isPattern(name)).toThrow(TypeError);
  expect(() => isPattern(name)).toThrow(/^a channel's name has 1 to 200 characters and no white space/);
  expect(() => checkName(name)).toThrow(TypeError);
});

test.each([
  [undefined, 'undefined'],
  [null, 'object'],
  [7, 'number'],
  [['room'], 'object'],
  [Buffer.from('room'), 'object'],
  [new String('room'), 'object'],
])('%p is no string', (name, type) => {
  expect(() => isPattern(name)).toThrow(new TypeError(`a channel's name is a string, not ${type}`));
  expect(() => checkName(name)).toThrow(TypeError);
});

test.each(['**:7', 'a:**:b', '**:**', '**:*', 'a:**:'])('nothing may follow the ** of %j', (name) => {
  expect(() => isPattern(name)).toThrow(/^"[^"]*": \*\* stands for the rest of a name, so nothing may follow it$/);
});

test('an error does not repeat all of a name that is too long', () => {
  const name = 'x'.repeat(1_000_000);
  const error = (): unknown => {
    try {
      return isPattern(name);
    } catch (thrown) {
      return thrown;
    }
  };
  expect((error() as Error).message.length).toBeLessThan(300);
});

test('the channel of a user has a name that no application can use', () => {
  for (const id of ['ann', '', 'a b', 'a:*', '**', '\0', 'ß', '\ud800']) {
    expect(() => checkName(userChannel(id))).toThrow(TypeError);
  }
});

test('each user has a channel, whatever the id', () => {
  const ids = ['ann', 'Ann', '', ' ', '"', '%22', 'a:b', 'a%3Ab', '*', '\ud800', '\udfff', '\ufffd', '\\ud800', '🙂'];
  expect(new Set(ids.map(userChannel)).size).toBe(ids.length);
  // brokers split it nowhere, and take nothing of it for a pattern
  for (const id of ids) expect(userChannel(id)).toMatch(/^user [\w%.!~'()*-]+$/);
});
