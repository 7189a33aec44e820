import { JsonCodec, MessagePackCodec, type Codec } from '../../src/messages';
import type { Endpoint } from '../../src/engine';
import { resolveLimits } from '../../src/connection/limits';
import { codecKinds, Routes } from '../../src/connection/routes';

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

const json = new JsonCodec();
const pack = new MessagePackCodec();

function routeOf(endpoint: Omit<Endpoint, 'path'>) {
  const routes = new Routes(resolveLimits(), undefined);
  routes.add({ path: '/', ...endpoint });
  return routes.find('/')!.endpoint;
}

test('without a codec it is JSON, the same for all endpoints', () => {
  const { codecFor, protocols } = routeOf({});
  expect(codecFor('')).toBeInstanceOf(JsonCodec);
  expect(codecFor('any')).toBe(codecFor(''));
  expect(routeOf({}).codecFor('')).toBe(codecFor(''));
  expect(protocols).toEqual([]);
});

test('one codec is for every subprotocol, and raw for none', () => {
  const packed = routeOf({ codec: pack, protocols: ['a', 'b'] });
  expect(['', 'a', 'b'].map(packed.codecFor)).toEqual([pack, pack, pack]);
  expect(packed.protocols).toEqual(['a', 'b']);
  expect(routeOf({ codec: 'raw' }).codecFor('')).toBeUndefined();
});

test.each<[string, Record<string, Codec | 'raw'>, (Codec | undefined)[]]>([
  ['the one listed for "" is for clients without', { json, pack, '': 'raw' }, [undefined, json, pack, undefined]],
  ['else the first is', { pack, json }, [pack, json, pack, pack]],
  ['the first may be raw', { bytes: 'raw', json }, [undefined, json, undefined, undefined]],
])('codecs by subprotocol: %s', (_what, codec, [none, forJson, forPack, forOther]) => {
  const { codecFor } = routeOf({ codec });
  expect(codecFor('')).toBe(none);
  expect(codecFor('json')).toBe(forJson);
  expect(codecFor('pack')).toBe(forPack);
  expect(codecFor('constructor')).toBe(forOther);
});

test('subprotocols that have a codec are spoken, each once, after those that are listed', () => {
  expect(routeOf({ codec: { json, '': json, pack }, protocols: ['own', 'pack'] }).protocols).toEqual([
    'own',
    'pack',
    'json',
  ]);
});

test.each<[string, unknown]>([
  ['no object', 5],
  ['another word', 'json'],
  ['null', null],
  ['a class', JsonCodec],
  ['an object without codecs', {}],
  ['an object with something else among its codecs', { json, other: 'text' }],
  ['half a codec', { decode: () => ({}) }],
])('%s is no codec', (_what, codec) => {
  const error = new TypeError(`codec must be a codec, 'raw', or an object of those by subprotocol`);
  expect(() => routeOf({ codec: codec as Codec })).toThrow(error);
  expect(() => codecKinds(codec as Codec)).toThrow(error);
});

test.each(['a b', 'ä', 'a,b'])('no subprotocol is called %j, so none has a codec', (name) => {
  const error = new TypeError(`codec[${JSON.stringify(name)}]: no subprotocol has such a name`);
  expect(() => routeOf({ codec: { [name]: pack } })).toThrow(error);
});

test.each<[unknown, string]>([
  ['abc', 'protocols must be an array, not "abc"'],
  [new Set(['abc']), 'protocols must be an array, not a Set'],
  [['a b'], 'protocols[0] must be a subprotocol'],
  [[undefined], 'two files that import each other are the usual cause'],
])('protocols that are no list of names are refused: %p', (protocols, message) => {
  expect(() => routeOf({ protocols: protocols as string[] })).toThrow(message);
});

test('undefined among the codecs of an object, as circular imports leave it, is told', () => {
  const codec = { pack, json: undefined } as never;
  const error = new TypeError(
    `codec must be a codec, 'raw', or an object of those by subprotocol, not undefined for "json"; two files that import each other are ` +
      'the usual cause',
  );
  expect(() => routeOf({ codec })).toThrow(error);
  expect(() => codecKinds(codec)).toThrow(error);
});

test.each<[string, Endpoint['codec'], boolean, boolean]>([
  ['no codec', undefined, true, false],
  ['JSON', json, true, false],
  ['MessagePack', pack, false, true],
  ['raw', 'raw', false, false],
  ['both', { json, pack }, true, true],
  ['one and raw', { pack, '': 'raw' }, false, true],
])('%s: which kinds of message are events', (_what, codec, text, binary) => {
  expect(codecKinds(codec)).toEqual({ text, binary });
});
