import { Router } from '../../src/handshake';

function routerOf(...patterns: string[]): Router<string> {
  const router = new Router<string>();
  for (const pattern of patterns) router.add(pattern, pattern);
  return router;
}

const found = (patterns: string[], path: string): [string, Record<string, string>] | undefined => {
  const match = routerOf(...patterns).find(path);
  return match && [match.endpoint, { ...match.params }];
};

test.each<[string[], string, [string, Record<string, string>] | undefined]>([
  [['/'], '/', ['/', {}]],
  [['/echo'], '/echo', ['/echo', {}]],
  [['/echo'], '/', undefined],
  [['/echo'], '/echo/', undefined],
  [['/echo'], '/ECHO', undefined],
  [['/echo'], '/echo/more', undefined],
  [['/echo'], '//echo', undefined],
  [['/echo'], '', undefined],
  [[], '/', undefined],
  [['/rooms/:room'], '/rooms/7', ['/rooms/:room', { room: '7' }]],
  [['/rooms/:room'], '/rooms/', undefined],
  [['/rooms/:room'], '/rooms', undefined],
  [['/rooms/:room'], '/rooms/7/8', undefined],
  [['/rooms/:room/users/:user'], '/rooms/7/users/8', ['/rooms/:room/users/:user', { room: '7', user: '8' }]],
  [['/rooms/:room', '/rooms/lobby'], '/rooms/lobby', ['/rooms/lobby', {}]],
  [['/rooms/:room', '/rooms/lobby'], '/rooms/lobb', ['/rooms/:room', { room: 'lobb' }]],
  [['/:first', '/'], '/constructor', ['/:first', { first: 'constructor' }]],
  [['/x'], '/constructor', undefined],
  [['/x'], '/__proto__', undefined],
])('of %j, %s finds %j', (patterns, path, expected) => {
  expect(found(patterns, path)).toEqual(expected);
});

describe('an empty segment is no parameter', () => {
  test.each<[string[], string, [string, Record<string, string>] | undefined]>([
    [['/a/:b/c'], '/a//c', undefined],
    [['/:first/:second'], '/', undefined],
    [['/:first/:second'], '//', undefined],
    [['/:first/:second'], '//x', undefined],
    [['/:first/:second'], '/x/', undefined],
    [['/:room'], '/', undefined],
    [['/x/:room?'], '/x', ['/x/:room?', {}]],
    [['/x/:room?'], '/x/', undefined],
    [['/files/:name.png'], '/files/.png', undefined],
    [['/from/:a-:b'], '/from/-', undefined],
    [['/from/:a-:b'], '/from/x-', undefined],
    [['/from/:a-:b'], '/from/x-y', ['/from/:a-:b', { a: 'x', b: 'y' }]],
    [['/v/:id(^\\d*$)'], '/v/', undefined],
    [['/rooms/:room'], '/rooms/%20', ['/rooms/:room', { room: ' ' }]],
  ])('of %j, %s finds %j', (patterns, path, expected) => {
    expect(found(patterns, path)).toEqual(expected);
  });

  test.each<[string[], string, [string, Record<string, string>]]>([
    [['/rooms/:room', '/rooms/*'], '/rooms/', ['/rooms/*', { '*': '' }]],
    [['/rooms/:room/x', '/rooms/*'], '/rooms//x', ['/rooms/*', { '*': '/x' }]],
    [['/:a/x', '/:b/*', '/*'], '//x', ['/*', { '*': '/x' }]],
    [['/:a/:b', '/:a/*'], '/q/', ['/:a/*', { a: 'q', '*': '' }]],
    [['/:a?', '*'], '/', ['/:a?', {}]],
    [['/:a/:b', '/:a(^\\d+$)/*', '/*'], '/q/', ['/*', { '*': 'q/' }]],
    [['/v/:id(^\\d*$)', '/v/*'], '/v/', ['/v/*', { '*': '' }]],
  ])('of %j, %s finds %j, which takes it', (patterns, path, expected) => {
    expect(found(patterns, path)).toEqual(expected);
  });
});

test.each<[string, string, string]>([
  ['/files/*', '/files/', ''],
  ['/files/*', '/files/a/b', 'a/b'],
  ['/files/*', '/files//', '/'],
  ['/files/*', '/files/a%2Fb', 'a/b'],
  ['*', '/', '/'],
])('the rest that %s takes of %s is %j', (pattern, path, rest) => {
  expect(found([pattern], path)).toEqual([pattern, { '*': rest }]);
});

describe('parameters', () => {
  test.each([
    ['a%20b', 'a b'],
    ['%C3%A9', 'é'],
    ['a%2Fb', 'a/b'],
    ['%252F', '%2F'],
    ['%3Fx%23y', '?x#y'],
    ['a+b', 'a+b'],
    ['a;v=1', 'a;v=1'],
    ['%00', '\0'],
    ['a%0Ab', 'a\nb'],
    ['*', '*'],
    ['__proto__', '__proto__'],
    ['..', '..'],
  ])('%s is percent-decoded once: %s', (encoded, decoded) => {
    expect(found(['/rooms/:room'], `/rooms/${encoded}`)).toEqual(['/rooms/:room', { room: decoded }]);
  });

  test.each(['%', '%zz', '%c3', '%ff', 'a%2'])('%s cannot be decoded, and matches nothing', (malformed) => {
    expect(found(['/rooms/:room'], `/rooms/${malformed}`)).toBeUndefined();
  });

  test.each([
    ['/rooms/:room', '/rooms/'],
    ['/rooms/:room', '/rooms//'],
    ['/rooms/:room', '/rooms'],
    ['/a/:b/c', '/a//c'],
    ['/a/:b/:c', '/a//x'],
    ['/a/:b/:c', '/a/x/'],
    ['/:room', '/'],
    ['/rooms/:room?', '/rooms/'],
    ['/files/:name.json', '/files/.json'],
  ])('are never empty: %s does not match %s', (pattern, path) => {
    expect(found([pattern], path)).toBeUndefined();
  });

  test.each([
    ['/rooms/%2F', { room: '/' }],
    ['/rooms/%20', { room: ' ' }],
    ['/rooms/a;b=c', { room: 'a;b=c' }],
    ['/rooms/.', { room: '.' }],
  ])('of %s', (path, params) => {
    expect(found(['/rooms/:room'], path)).toEqual(['/rooms/:room', params]);
  });

  test('an asterisk may stand for nothing', () => {
    expect(found(['/files/*'], '/files/')).toEqual(['/files/*', { '*': '' }]);
  });

  test('may be as long as the request line can be', () => {
    const room = 'a'.repeat(16_000);
    expect(found(['/rooms/:room'], `/rooms/${room}`)).toEqual(['/rooms/:room', { room }]);
  });

  test('named like a property of every object are only what the path says', () => {
    const params = routerOf('/:toString/:hasOwnProperty').find('/a/b')!.params;
    expect(Object.entries(params)).toEqual([
      ['toString', 'a'],
      ['hasOwnProperty', 'b'],
    ]);
    expect(routerOf('/:room').find('/a')!.params.constructor).toBeUndefined();
  });
});

test.each(['', 'echo', '/:', '/:a('])('the malformed pattern %j is refused', (pattern) => {
  expect(() => routerOf(pattern)).toThrow();
});

test.each([
  ['/echo', '/echo'],
  ['/:room', '/:name'],
  ['/rooms/:room/users', '/rooms/:id/users'],
])('%s and %s are the same path, which cannot be there twice', (first, second) => {
  expect(() => routerOf(first, second)).toThrow();
});

test('two routers share nothing', () => {
  routerOf('/echo');
  expect(routerOf('/other').find('/echo')).toBeUndefined();
});
