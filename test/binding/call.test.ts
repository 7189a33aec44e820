import type { Connection } from '../../src/engine';
import { compileCall } from '../../src/binding/call';
import { readBody, readConnection, type Reader } from '../../src/binding/parameters';

const connection = { id: 'c' } as Connection;
const seven: Reader = () => 7;

class Target {
  readonly self = this;

  method(...args: unknown[]): unknown[] {
    return [this === this.self, ...args];
  }
}

test.each<[string, Reader[], unknown[]]>([
  ['nothing', [], []],
  ['the body', [readBody], ['b']],
  ['the connection', [readConnection], [connection]],
  ['something else', [seven], [7]],
  ['body, connection', [readBody, readConnection], ['b', connection]],
  ['connection, body', [readConnection, readBody], [connection, 'b']],
  ['body, something', [readBody, seven], ['b', 7]],
  ['three', [seven, readBody, readConnection], [7, 'b', connection]],
  ['five', [seven, readBody, readConnection, seven, seven], [7, 'b', connection, 7, 7]],
])('a method that takes %s', (_what, readers, expected) => {
  expect(compileCall(new Target(), 'method', { readers, mayWait: false })(connection, 'b')).toEqual([
    true,
    ...expected,
  ]);
});
