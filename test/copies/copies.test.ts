import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyFor, keysOfOtherMajors, MAJOR, otherMajorOf, ownClass, recognise } from '../../src/copies';

test('the major version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  expect(Number(version.split('.')[0])).toBe(MAJOR);
});

test('keys are shared by all copies of a major version, and told from those of others', () => {
  expect(keyFor('path')).toBe(Symbol.for(`portal-ws:path@${MAJOR}`));
  expect(keysOfOtherMajors([keyFor('path'), Symbol.for('portal-ws:path@7'), 'path', Symbol('x'), Symbol()])).toEqual([
    7,
  ]);
});

describe('a recognised class', () => {
  /** What each copy of the package does. */
  function copy(name = 'Thing') {
    class Thing extends Error {}
    class Special extends Thing {}
    recognise(Thing, name);
    return { Thing, Special };
  }
  const theirs = copy();
  const ours = copy();

  test('has instances of other copies, and of their subclasses', () => {
    expect(new theirs.Thing()).toBeInstanceOf(ours.Thing);
    expect(new ours.Thing()).toBeInstanceOf(theirs.Thing);
    expect(new theirs.Special()).toBeInstanceOf(ours.Thing);
    expect(new ours.Special()).toBeInstanceOf(ours.Special);
  });

  test('but no others, and its subclasses only their own', () => {
    for (const other of [null, undefined, 1, 'x', {}, [], new Error(), () => {}, Object.create(null)]) {
      expect((other as unknown) instanceof ours.Thing).toBe(false);
    }
    expect(new theirs.Special()).not.toBeInstanceOf(ours.Special);
    expect(new ours.Thing()).not.toBeInstanceOf(ours.Special);
    expect(new (copy('Other').Thing)()).not.toBeInstanceOf(ours.Thing);
  });

  test('stands for that of another copy as a type and a token, its subclasses not', () => {
    expect(ownClass(theirs.Thing)).toBe(ours.Thing);
    expect(ownClass(ours.Thing)).toBe(ours.Thing);
    for (const other of [theirs.Special, 'Thing', undefined, Date, {}]) expect(ownClass(other)).toBe(other);
  });

  test('of another major version is told', () => {
    class Foreign {}
    Object.defineProperty(Foreign, Symbol.for('portal-ws:class@9'), { value: 'Connection' });
    expect([otherMajorOf(Foreign), otherMajorOf(ours.Thing), otherMajorOf({})]).toEqual([9, undefined, undefined]);
    expect(ownClass(Foreign)).toBe(Foreign);
  });
});
