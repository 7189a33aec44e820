import * as fc from 'fast-check';
import { SharedMessage } from '../../src/engine';
import { stamped, stampFor } from '../../src/channels/stamp';
import { textOf } from '../support/subscribers';

const stamp = (text: string): string => {
  const message = new SharedMessage(text);
  return textOf(stamped(message, stampFor(message), '1-7'));
};

test.each([
  ['{"a":1}', '{"a":1,"offset":"1-7"}'],
  ['{"a":{}}', '{"a":{},"offset":"1-7"}'],
  ['{"ключ":"🙂"}', '{"ключ":"🙂","offset":"1-7"}'],
  ['{"a":1 }', '{"a":1 ,"offset":"1-7"}'],
  ['{"__proto__":null}', '{"__proto__":null,"offset":"1-7"}'],
  ['{}', '{"offset":"1-7"}'],
  ['{ }', '{ "offset":"1-7"}'],
  ['{\n\t}', '{\n\t"offset":"1-7"}'],
])('%j becomes %j', (before, after) => {
  expect(stamp(before)).toBe(after);
});

test.each([
  '',
  '{',
  '}',
  '{}}',
  '{a}',
  '{"a":1,}',
  '{"a":1}{"b":2}',
  "{'a':1}",
  '{} {}',
  '[]',
  '[{"a":1}]',
  '"{}"',
  'null',
  '7',
  ' {"a":1}',
  '{"a":1}\n',
  '\ufeff{"a":1}',
  'plain text',
  '{ not JSON }',
])('%j stays as it is', (text) => {
  expect(stampFor(new SharedMessage(text))).toBe('none');
  expect(stamp(text)).toBe(text);
});

test('bytes stay as they are, even where they read as JSON', () => {
  const message = new SharedMessage(Buffer.from('{"a":1}'));
  expect(stampFor(message)).toBe('none');
  expect(stamped(message, 'none', '1-7')).toBe(message);
});

test('an offset that was there already does not count', () => {
  expect(JSON.parse(stamp('{"offset":"9-9","a":1}'))).toEqual({ a: 1, offset: '1-7' });
});

test('the message itself is not changed, and what comes of it is text', () => {
  const message = new SharedMessage('{"a":1}');
  expect(stamped(message, 'last', '1-7').isText).toBe(true);
  expect(textOf(message)).toBe('{"a":1}');
});

test('bytes of a larger buffer are read where they are', () => {
  const buffer = Buffer.from('xx{"a":1}yy');
  const message = new SharedMessage(buffer.subarray(2, 9), true);
  expect(stampFor(message)).toBe('last');
  expect(textOf(stamped(message, 'last', '1-7'))).toBe('{"a":1,"offset":"1-7"}');
  expect(buffer.toString()).toBe('xx{"a":1}yy');
});

test('what was an object is the same with an offset', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(4), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      const expected = JSON.parse(text) as Record<string, unknown>;
      const result = JSON.parse(stamp(text)) as Record<string, unknown>;
      expect(result['offset']).toBe('1-7');
      delete result['offset'];
      delete expected['offset'];
      expect(result).toEqual(expected);
    }),
  );
});

test('whatever begins with { and ends with } stays as it is or has its offset', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '"', ':', ',', 'a', '1', ' ', '\\', '[', ']') }),
      (inner) => {
        const text = `{${inner}}`;
        const result = stamp(text);
        if (result !== text) expect(JSON.parse(result)).toHaveProperty('offset', '1-7');
      },
    ),
    { numRuns: 2000 },
  );
});
