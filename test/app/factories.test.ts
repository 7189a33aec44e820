import 'reflect-metadata';
import { container, Lifecycle } from 'tsyringe';
import type { Recipe } from '../../src/app/dependencies';
import { Factories, there } from '../../src/app/factories';

const recipe = (token: string): Recipe => ({ token, lifecycle: Lifecycle.Singleton, asked: new Set() });

test('each is called once, with the container, whoever needs its product first', async () => {
  const factories = new Factories(container);
  const [a, b] = [recipe('a'), recipe('b')];
  const [makeA, makeB] = [jest.fn(() => 'A'), jest.fn(async () => 'B')];
  factories.add(a, makeA);
  factories.add(b, makeB);
  expect(factories.all()).toEqual([a, b]);
  expect(factories.productNow(a)).toBe('A');
  expect(() => factories.productNow(b)).toThrow(
    '"b" comes from an async factory: list its provider before those that need it',
  );
  expect([await factories.finish(a), await factories.finish(b)]).toEqual(['A', 'B']);
  expect([factories.productNow(a), factories.productNow(b)]).toEqual(['A', 'B']);
  expect(makeA.mock.calls).toEqual([[container]]);
  expect(makeB).toHaveBeenCalledTimes(1);
});

test('those that were called are waited for, and the others not called', async () => {
  const factories = new Factories(container);
  const [a, b, c] = [recipe('a'), recipe('b'), recipe('c')];
  const never = jest.fn();
  factories.add(a, async () => 'A');
  factories.add(b, () => Promise.reject(new Error('no')));
  factories.add(c, never);
  for (const one of [a, b]) expect(() => factories.productNow(one)).toThrow('async factory');
  expect(await factories.settled()).toEqual([[a, 'A']]);
  expect(never).not.toHaveBeenCalled();
});

test('a product is there unless it is a promise', () => {
  expect(there('x', null)).toBe(null);
  expect(() => there('x', Promise.resolve())).toThrow(
    '"x" is made whenever it is asked for, so its factory cannot be async',
  );
});
