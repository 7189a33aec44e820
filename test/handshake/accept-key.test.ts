import { randomBytes } from 'node:crypto';
import { acceptFor, isWebSocketKey } from '../../src/handshake/accept-key';

test('RFC 6455 1.3: the sample key', () => {
  expect(acceptFor('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('another one, from the Wikipedia article on WebSocket', () => {
  expect(acceptFor('x3JJHMbDL1EzLkh9GBhXDw==')).toBe('HSmrc0sMlYUkAGmm5OPpG2HaGWk=');
});

test('16 bytes in base64 are a key (RFC 6455 4.2.1)', () => {
  for (let i = 0; i < 100; i++) expect(isWebSocketKey(randomBytes(16).toString('base64'))).toBe(true);
  expect(isWebSocketKey('+/+/+/+/+/+/+/+/+/+/+w==')).toBe(true);
});

const key = 'dGhlIHNhbXBsZSBub25jZQ==';

test.each([
  ['nothing', ''],
  ['13 bytes', Buffer.alloc(13).toString('base64')],
  ['15 bytes', Buffer.alloc(15).toString('base64')],
  ['17 bytes', Buffer.alloc(17).toString('base64')],
  ['18 bytes', Buffer.alloc(18).toString('base64')],
  ['19 bytes', Buffer.alloc(19).toString('base64')],
  ['no padding', key.slice(0, 22)],
  ['half the padding', key.slice(0, 23)],
  ['too much padding', key + '='],
  ['the alphabet of base64url', '-_-_-_-_-_-_-_-_-_-_-w=='],
  ['a space before it', ' ' + key],
  ['a space after it', key + ' '],
  ['a line feed after it', key + '\n'],
  ['two of them, as Node joins them', `${key}, ${key}`],
  ['32,000 characters', 'A'.repeat(32_000) + '=='],
])('%s is no key', (_what, text) => {
  expect(isWebSocketKey(text)).toBe(false);
});
