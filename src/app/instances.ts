import { Lifecycle } from 'tsyringe';
import type { Recipe } from './dependencies';

/** An instance that lives as long as the application. */
export interface Instance {
  readonly instance: object;
  /** True where the application made the instance, and so disposes of it. */
  readonly own: boolean;
}

/** All instances that an application's container made or has. */
export class Instances {
  /** The recipes that are being made, the innermost last. */
  private readonly stack: Recipe[] = [];
  private readonly single = new Map<Recipe, unknown>();
  /** Transient instances by the singleton that they were made for; under `undefined` those made for none. */
  private readonly helpers = new Map<Recipe | undefined, object[]>();
  private readonly known = new Map<unknown, Instance>();
  private tell: ((instance: Instance) => void) | undefined;

  /** `container` may be the product of a factory. Nobody disposes of it. */
  constructor(private readonly container?: unknown) {}

  has(recipe: Recipe): boolean {
    return this.single.has(recipe);
  }

  /** True for an instance of the application, which is not the asker's to dispose of. */
  knows(value: unknown): boolean {
    return this.known.has(value);
  }

  /** Calls `make`, which makes or finds an instance, and notes the instance and the recipe that asked for it. */
  make(recipe: Recipe, make: () => unknown): unknown {
    if (this.tell === undefined) this.stack.at(-1)?.asked.add(recipe);
    this.stack.push(recipe);
    let value: unknown;
    try {
      value = make();
    } finally {
      this.stack.pop();
    }
    if (recipe.lifecycle === Lifecycle.Singleton) {
      if (!this.single.has(recipe)) this.note(recipe, value, true);
    } else if (
      recipe.lifecycle !== Lifecycle.ContainerScoped &&
      recipe.class !== undefined &&
      this.tell === undefined
    ) {
      this.noteHelper(value as object);
    }
    return value;
  }

  /** Awaits `make`. Nothing else may be made meanwhile. */
  async during<Value>(recipe: Recipe, make: () => Promise<Value>): Promise<Value> {
    this.stack.push(recipe);
    try {
      return await make();
    } finally {
      this.stack.pop();
    }
  }

  note(recipe: Recipe, value: unknown, own: boolean): void {
    this.single.set(recipe, value);
    this.remember(value, own);
  }

  /** All instances, in the order in which they were made. */
  all(): Instance[] {
    return [...this.known.values()];
  }

  /** All instances, those of the recipes first, in the order of the recipes. */
  ordered(recipes: readonly Recipe[]): Instance[] {
    const values = recipes.flatMap((recipe) => [...(this.helpers.get(recipe) ?? []), this.single.get(recipe)]);
    const first = values.flatMap((value) => this.known.get(value) ?? []);
    return [...new Set([...first, ...this.known.values()])];
  }

  /** From now on calls `tell` with each further singleton. Transient instances are noted no more. */
  tellOfFurther(tell: (instance: Instance) => void): void {
    this.tell = tell;
  }

  private noteHelper(value: object): void {
    const maker = this.stack.findLast(({ lifecycle }) => lifecycle === Lifecycle.Singleton);
    this.helpers.set(maker, [...(this.helpers.get(maker) ?? []), value]);
    this.remember(value, true);
  }

  private remember(value: unknown, own: boolean): void {
    if (Object(value) !== value || value === this.container || this.known.has(value)) return;
    const instance = { instance: value as object, own };
    this.known.set(value, instance);
    this.tell?.(instance);
  }
}
