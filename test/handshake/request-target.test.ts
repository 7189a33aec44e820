import fc from 'fast-check';
import { parseRequestTarget } from '../../src/handshake';
import { holds } from '../protocol/support';

test.each([
  ['/', '/', ''],
  ['/chat', '/chat', ''],
  ['/chat?room=7&x', '/chat', 'room=7&x'],
  ['/chat?', '/chat', ''],
  ['/?a?b', '/', 'a?b'],
  ['/a%20b/%2F?c=%26', '/a%20b/%2F', 'c=%26'],
  ['//host/chat', '//host/chat', ''],
  ['/..//./x', '/..//./x', ''],
  ['/http://host/chat', '/http://host/chat', ''],
  ['http://host/chat', '/chat', ''],
  ['https://host:5005/chat?room=7', '/chat', 'room=7'],
  ['HTTP://HOST/Chat', '/Chat', ''],
  ['http://host', '/', ''],
  ['http://host?room=7', '/', 'room=7'],
  ['http://[::1]:5005/chat', '/chat', ''],
  ['http://host//chat', '//chat', ''],
])('%s asks for %s with the query %j (RFC 6455 4.2.1 item 1)', (target, path, query) => {
  expect(parseRequestTarget(target)).toEqual({ path, query });
});

test.each([
  [''],
  ['*'],
  ['chat'],
  ['?room=7'],
  ['host:5005'],
  ['ws://host/chat'],
  ['wss://host/chat'],
  ['ftp://host/chat'],
  ['javascript:alert(1)'],
  ['http:/host/chat'],
  ['http:///chat'],
  ['http://?room=7'],
  ['http://ho st/chat'],
  ['http://host:99999/chat'],
  [' /chat'],
  ['\\chat'],
])('%j is no target of a WebSocket', (target) => {
  expect(parseRequestTarget(target)).toBeUndefined();
});

test.each(['/chat#', '/chat#top', '/#/chat', '/chat?room#7', 'http://host/chat#top', 'http://host#top', '#'])(
  '%s has a fragment, which must not be (RFC 6455 3)',
  (target) => {
    expect(parseRequestTarget(target)).toBeUndefined();
  },
);

test.each(['/%', '/rooms/%zz', '/rooms/a%2', '/%c3', '/%ff?x', '/%ed%a0%80', 'http://host/%', '/chat%?room=7'])(
  '%j cannot be percent-decoded (RFC 3986 2.1)',
  (target) => {
    expect(parseRequestTarget(target)).toBeUndefined();
  },
);

test('a query is whatever it is', () => {
  expect(parseRequestTarget('/chat?100%')).toEqual({ path: '/chat', query: '100%' });
});

test('anything is a target or none, and never a throw', () => {
  const piece = fc.constantFrom('http://', 'https://', '/', '?', '#', ':', '@', '[', ']', '%', '\\', 'a', '\0', ' ');
  holds(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: piece })), (target) => {
      const parsed = parseRequestTarget(target);
      if (parsed === undefined) return;
      expect(parsed.path).toMatch(/^\/[^?#]*$/s);
      expect(parsed.query).not.toContain('#');
    }),
    1000,
  );
});
