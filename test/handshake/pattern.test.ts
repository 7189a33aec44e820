import { Router } from '../../src/handshake';
import { compilePattern } from '../../src/handshake/pattern';

/** What a path finds among patterns: the pattern, and its parameters. */
function found(patterns: string[], path: string): unknown {
  const router = new Router<string>();
  for (const pattern of patterns) router.add(pattern, pattern);
  const match = router.find(path);
  return match && [match.endpoint, { ...match.params }];
}

test.each([
  ['/', '/'],
  ['/rooms/:room', '/rooms/:room'],
  ['/files/*', '/files/*'],
  ['/x/:room?', '/x/:room?'],
  ['/v/:id(^\\d+$)', '/v/:id(^\\d+$)'],
  ['/a%20b', '/a b'],
  ['/%C3%A4/%c3%a4', '/ä/ä'],
  ['/a%3Ab', '/a::b'],
  ['/:a-%3A:b', '/:a-:::b'],
  ['/100%25', '/100%'],
])('%s is %s to find-my-way', (pattern, compiled) => {
  expect(compilePattern(pattern)).toBe(compiled);
});

describe('a static part matches in whatever encoding, of the pattern and of the path', () => {
  test.each([
    ['/a%20b', ['/a%20b']],
    ['/a b', ['/a%20b']],
    ['/%C3%A4', ['/%C3%A4', '/%c3%a4', '/ä']],
    ['/ä', ['/%C3%A4', '/%c3%a4']],
    ['/😀', ['/%F0%9F%98%80']],
    ['/%41bc', ['/Abc', '/%41bc', '/A%62c']],
    ['/a!', ['/a!', '/a%21']],
    ['/a$', ['/a$', '/a%24']],
    ['/$a', ['/$a', '/%24a']],
    ['/~ann', ['/~ann', '/%7Eann', '/%7eann']],
    ['/@me', ['/@me', '/%40me']],
    ['/a%3Ab', ['/a:b', '/a%3Ab', '/a%3ab']],
    ['/a+b,c;d=e&f', ['/a+b,c;d=e&f', '/a%2Bb%2Cc%3Bd%3De%26f']],
    ['/100%25', ['/100%25']],
    ["/it's", ["/it's", '/it%27s']],
    ['/%7Broom%7D', ['/%7Broom%7D', '/{room}']],
  ])('%s', (pattern, paths) => {
    for (const path of paths) expect([path, found([pattern], path)]).toEqual([path, [pattern, {}]]);
  });

  test.each<[string, string, object]>([
    ['/@:host', '/@example', { host: 'example' }],
    ['/@:host', '/%40example', { host: 'example' }],
    ['/u/~:user', '/u/%7Eann', { user: 'ann' }],
    ['/%C3%A4/:room', '/ä/%C3%A4', { room: 'ä' }],
    ['/$:id', '/%24a%24', { id: 'a$' }],
    ['/a%3A:id', '/a:%2F', { id: '/' }],
    ['/:user([^@]+)@:host', '/ann@example', { user: 'ann', host: 'example' }],
    ['/:a(\\d+)x:b', '/5xy', { a: '5', b: 'y' }],
    ['/:a((?:x|y)z)-:b', '/xz-w', { a: 'xz', b: 'w' }],
    ['/:a(\\(\\d\\))', '/(5)', { a: '(5)' }],
    ['/files/.:ext', '/files/.png', { ext: 'png' }],
    ['/:name..', '/a..', { name: 'a' }],
  ])('%s, by the path %s', (pattern, path, params) => {
    expect(found([pattern], path)).toEqual([pattern, params]);
  });

  test('what is encoded in a path finds the pattern that says it so first', () => {
    expect(found(['/:any', '/a$'], '/a$')).toEqual(['/a$', {}]);
    expect(found(['/:any', '/a$'], '/a%24')).toEqual(['/:any', { any: 'a$' }]);
  });

  test.each([
    ['/ä', '/%C3%A4'],
    ['/a b', '/a%20b'],
    ['/a%3Ab', '/a%3ab'],
  ])('%s and %s are one path', (first, second) => {
    expect(() => found([first, second], '/')).toThrow(`the path ${second} is served already`);
  });
});

test.each([
  ['/rooms/:room+', ':room+, but a parameter is one segment: write * for all the rest'],
  ['/rooms/:room*', ':room*, but a parameter is one segment'],
  ['/rooms/:room(\\w)+', ':room+, but a parameter is one segment'],
  ['/files/*/x', 'a * before its end: it stands for all the rest'],
  ['/files/*path', 'a * before its end'],
  ['/**', 'a * before its end'],
  ['/a*b', 'a * before its end'],
  ['/a::b', ':: for a colon: write %3A'],
  ['/:a::b', ':a before :, where a name does not end'],
  ['/:a:b', ':a before :, where a name does not end'],
  ['/:user@:host', ':user before @, where a name does not end: write what it matches, as in :user([^@]+)@'],
  ['/:a~:b', ':a before ~, where a name does not end'],
  ['/:a!', ':a before !'],
  ['/:a$', ':a before $'],
  ['/:a%20b', ':a before %'],
  ['/:a😀', ':a before 😀'],
  ['/:ä', 'a parameter without a name'],
  ['/:', 'a parameter without a name'],
  ['/:a/:a', 'the parameter :a twice'],
  ['/:a?/b', ':a? before its end, and only there may it be left out'],
  ['/v:a?', ':a?, but only a whole segment may be left out'],
  ['/:a-:b?', ':b?, but only a whole segment may be left out'],
  ['/:id(\\d+)?', ':id?, but only a whole segment may be left out'],
  ['/a?', 'a query or a fragment, which belong to no path'],
  ['/a/?', 'a query or a fragment'],
  ['/a?b=c', 'a query or a fragment'],
  ['/a#b', 'a query or a fragment'],
  ['/rooms/{room}', 'brackets: a parameter is written :name'],
  ['/rooms{/:room}', 'brackets'],
  ['/rooms/[room]', 'brackets'],
  ['/rooms/<room>', 'brackets'],
  ['/(a|b)', 'a group that stands behind no name of a parameter, as in :id(\\d+)'],
  ['/:a(x)(y)', 'a group that stands behind no name'],
  ['/:a(x', 'a parenthesis that is never closed'],
  ['/:a((x|y)z)-:b', 'a group in what :a matches, which would take the place of the next parameter: write (?:…)'],
  ['/:a((?<n>x)z)', 'a group in what :a matches'],
  ['/:a(b/c)', 'a slash in what :a matches, which is one segment at the most'],
  ['/a%2Fb', '%2F, which only a parameter can match'],
  ['/a%3fb', '%3f, which only a parameter can match'],
  ['/a%2Ab', '%2A, which only a parameter can match'],
  ['/a%', 'a % that encodes nothing: write %25'],
  ['/a%zz', 'a % that encodes nothing'],
  ['/%FF', 'a % that encodes nothing'],
  ['/a/../b', 'a segment . or .., which clients resolve'],
  ['/./a', 'a segment . or ..'],
  ['/a/%2E%2e', 'a segment . or ..'],
  ['/a\\b', 'a backslash, which clients make a slash'],
])('%s, which no path would match as it reads, is refused', (pattern, why) => {
  expect(() => found([pattern], '/')).toThrow(`the path ${pattern} has ${why}`);
});
