import { ListenError, placesIn, urlOf } from '../../src/server/places';

test.each([
  [{}, [{ port: 5005, host: 'localhost', reusePort: false }]],
  [{ port: 0, host: '::', reusePort: true }, [{ port: 0, host: '::', reusePort: true }]],
  [{ socketPath: '/a' }, [{ socketPath: '/a' }]],
  [{ socketPath: '/a', port: 1 }, [{ port: 1, host: 'localhost', reusePort: false }, { socketPath: '/a' }]],
])('%j is %j', (place, exact) => {
  expect(placesIn(place)).toEqual(exact);
});

test('a Unix socket cannot be shared', () => {
  expect(() => placesIn({ socketPath: '/a', reusePort: true })).toThrow(
    new ListenError('`reusePort` needs a port: a Unix socket belongs to one process'),
  );
});

test.each([
  [{ port: 0, host: 'a.example' }, 'ws://a.example:7'],
  [{ port: 0, host: '0.0.0.0' }, 'ws://localhost:7'],
  [{ port: 0, host: '::' }, 'ws://localhost:7'],
  [{ port: 0, host: '::1' }, 'ws://[::1]:7'],
  [{ socketPath: '/a' }, 'ws+unix:/a'],
])('clients of %j connect to %s', (place, url) => {
  expect(urlOf('ws', place, 'port' in place ? 7 : undefined)).toBe(url);
});
