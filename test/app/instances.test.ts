import 'reflect-metadata';
import { Lifecycle } from 'tsyringe';
import type { Recipe } from '../../src/app/dependencies';
import { Instances } from '../../src/app/instances';

const recipe = (token: string, lifecycle = Lifecycle.Singleton): Recipe => ({
  token,
  lifecycle,
  class: class {},
  asked: new Set(),
});
const [a, b] = [{ name: 'a' }, { name: 'b' }];
const found = (instances: Instances): unknown[] => instances.all().map(({ instance }) => instance);

test('what there is one of is noted once, and who asked for it', () => {
  const instances = new Instances();
  const [outer, inner] = [recipe('outer'), recipe('inner')];
  const make = (): object => instances.make(outer, () => (instances.make(inner, () => b), a)) as object;
  expect([instances.has(outer), make(), make(), instances.has(outer)]).toEqual([false, a, a, true]);
  expect(found(instances)).toEqual([b, a]);
  expect([...outer.asked]).toEqual([inner]);
  expect(instances.ordered([outer, inner]).map(({ instance }) => instance)).toEqual([a, b]);
});

test('what has two names is noted once; what is no object, not at all', () => {
  const instances = new Instances();
  instances.note(recipe('value'), a, false);
  instances.note(recipe('other'), a, true);
  instances.note(recipe('number'), 5, false);
  instances.note(recipe('nothing'), null, false);
  expect(instances.all()).toEqual([{ instance: a, own: false }]);
});

test('what is made for each who asks stands before what it was made for, and what nobody there is one of asked for at the end', () => {
  const instances = new Instances();
  const [outer, other, job] = [recipe('outer'), recipe('other'), recipe('job', Lifecycle.Transient)];
  const lone = {};
  instances.make(job, () => lone);
  instances.make(outer, () => (instances.make(job, () => b), a));
  instances.make(other, () => ({}));
  const ordered = instances.ordered([other, outer]).map(({ instance }) => instance);
  expect(ordered.slice(1)).toEqual([b, a, lone]);
});

test('what each connection has is not noted, nor what fails', () => {
  const instances = new Instances();
  instances.make(recipe('cart', Lifecycle.ContainerScoped), () => a);
  expect(() =>
    instances.make(recipe('broken'), () => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
  expect(instances.all()).toEqual([]);
});

test('what takes time asks for the rest meanwhile', async () => {
  const instances = new Instances();
  const [outer, inner] = [recipe('outer'), recipe('inner')];
  const product = await instances.during(outer, async () => {
    await Promise.resolve();
    return instances.make(inner, () => b);
  });
  expect(product).toBe(b);
  expect([...outer.asked]).toEqual([inner]);
});

test('later ones are told, if there is one of them', () => {
  const instances = new Instances();
  const told: unknown[] = [];
  instances.make(recipe('early'), () => a);
  instances.tellOfFurther(({ instance }) => told.push(instance));
  instances.make(recipe('late'), () => b);
  instances.make(recipe('job', Lifecycle.Transient), () => ({}));
  expect(told).toEqual([b]);
  expect(found(instances)).toEqual([a, b]);
});
