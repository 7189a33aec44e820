import { KeptHandle } from '../../src/protocol/kept-zlib';
import { latest, prime, storedBlock } from '../../src/protocol/deflate-history';
import { deflateMessage, inflateMessage } from '../support/deflate';

const bytes = (text: string): Buffer => Buffer.from(text);

test.each([
  ['', 'abc', 5, 'abc'],
  ['abc', 'de', 5, 'abcde'],
  ['abc', 'def', 5, 'bcdef'],
  ['abc', 'defghij', 5, 'fghij'],
  ['abc', '', 5, 'abc'],
])('of %j and %j the latest %d bytes are %j', (history, message, size, expected) => {
  expect(latest(bytes(history), bytes(message), size).toString()).toBe(expected);
});

test('the history is no view of the given bytes', () => {
  const message = bytes('abc');
  const kept = latest(Buffer.alloc(0), message, 3);
  message.fill('x');
  expect(kept.toString()).toBe('abc');
});

test.each([1, 255, 256, 32_768])('a stored block of %d bytes inflates to them', (length) => {
  const content = Buffer.alloc(length, 'portal');
  expect(inflateMessage(storedBlock(content))).toEqual(content);
});

test('a primed context knows what may be referred back to', () => {
  const zlib = KeptHandle.inflate();
  const output = Buffer.alloc(100);
  const start = prime(zlib, bytes('Hello'), output);
  expect(start).toBe(5);
  const payload = deflateMessage('Hello Hello', { dictionary: bytes('Hello') });
  zlib.run(2, payload, 0, payload.length, output, start);
  expect(output.subarray(0, 100 - zlib.outputLeft).toString()).toBe('HelloHello Hello');
});
