import { ownClass } from '../../src/copies';
import * as engine from '../../src/engine';
import { RECOGNISED } from '../../src/server/recognised';

test('all public classes of the engine are recognised, under the names that they are exported with', () => {
  for (const [name, constructor] of Object.entries(RECOGNISED)) {
    expect((engine as Record<string, unknown>)[name]).toBe(constructor);
    expect(Object.hasOwn(constructor, Symbol.hasInstance)).toBe(true);
    expect(ownClass(constructor)).toBe(constructor);
  }
  const errors = Object.values(engine).filter((one) => typeof one === 'function' && one.prototype instanceof Error);
  for (const error of errors) expect(Object.values(RECOGNISED)).toContain(error);
});
