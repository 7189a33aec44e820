import { resolveLimits } from '../../src/engine/limits';
import { Routes } from '../../src/engine/routes';

const handshake = { headers: {}, url: '/', remoteAddress: '', httpVersion: '1.1', secure: false } as const;

test('an endpoint has its own limits and origins, and the application’s for the rest', () => {
  const routes = new Routes(resolveLimits({ closeTimeoutMs: 7 }), ['https://app.example.com']);
  routes.add({ path: '/own', limits: { maxMessageBytes: 5 }, origins: '*' });
  routes.add({ path: '/rooms/:room' });
  const own = routes.find('/own')!.endpoint;
  expect(own.limits).toMatchObject({ maxMessageBytes: 5, closeTimeoutMs: 7 });
  expect(own.originRule('https://evil.com', 'h', handshake)).toBe(true);
  const room = routes.find('/rooms/7')!;
  expect(room.params.room).toBe('7');
  expect(room.endpoint.originRule('https://evil.com', 'h', handshake)).toBe(false);
  expect(room.endpoint.originRule('https://app.example.com', 'h', handshake)).toBe(true);
  expect(routes.find('/rooms')).toBeUndefined();
});

test('a path can be taken once', () => {
  const routes = new Routes(resolveLimits(), undefined);
  routes.add({ path: '/x' });
  expect(() => routes.add({ path: '/x' })).toThrow();
});
