import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { BootError } from '../decorators';
import type { Recipe } from './dependencies';
import { describe } from './describe';

export type Factory = (container: DependencyContainer) => unknown;

interface Entry {
  readonly factory: Factory;
  /** Absent until the factory was called; a promise until that has settled. */
  made?: { value: unknown };
}

/** Factories that are called once for an application. */
export class Factories {
  private readonly entries = new Map<Recipe, Entry>();

  constructor(private readonly container: DependencyContainer) {}

  add(recipe: Recipe, factory: Factory): void {
    this.entries.set(recipe, { factory });
  }

  all(): Recipe[] {
    return [...this.entries.keys()];
  }

  /** Waits for the product of a factory, which is called unless another factory needed the product before. */
  async finish(recipe: Recipe): Promise<unknown> {
    const made = this.call(recipe);
    return (made.value = await made.value);
  }

  /** @throws Error for a product that is not there yet */
  productNow(recipe: Recipe): unknown {
    const { value } = this.call(recipe);
    if (!(value instanceof Promise)) return value;
    throw new Error(
      `${describe(recipe.token)} comes from an async factory: list its provider before those that need it`,
    );
  }

  /** The products of all factories that were called, when they have settled. */
  async settled(): Promise<[Recipe, unknown][]> {
    const products: [Recipe, unknown][] = [];
    for (const [recipe, { made }] of this.entries) {
      if (made === undefined) continue;
      try {
        products.push([recipe, await made.value]);
      } catch {
        // it has none
      }
    }
    return products;
  }

  private call(recipe: Recipe): { value: unknown } {
    const entry = this.entries.get(recipe)!;
    return (entry.made ??= { value: entry.factory(this.container) });
  }
}

const AsyncFunction = (async () => {}).constructor;

/** @throws BootError for an async function */
export function refuseAsync(token: InjectionToken, factory: Factory): void {
  if (factory instanceof AsyncFunction) throw new BootError(`${cannotWait(token)}.`);
}

/** The product of a factory that is called each time. @throws Error for a promise */
export function there(token: InjectionToken, product: unknown): unknown {
  if (!(product instanceof Promise)) return product;
  product.catch(() => {});
  throw new Error(cannotWait(token));
}

function cannotWait(token: InjectionToken): string {
  return `${describe(token)} is made whenever it is asked for, so its factory cannot be async`;
}
