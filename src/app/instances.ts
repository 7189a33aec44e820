import { Lifecycle } from 'tsyringe';
import type { Recipe } from './dependencies';

/** Something that lives as long as the application. */
export interface Instance {
  readonly instance: object;
  /** Whether the application made it, and so disposes of it. */
  readonly own: boolean;
}

/** What an application's container really made and handed out. */
export class Instances {
  /** What is being made, the innermost last. */
  private readonly stack: Recipe[] = [];
  private readonly single = new Map<Recipe, unknown>();
  /** Those that were made for one that there is one of, or for nobody known. */
  private readonly helpers = new Map<Recipe | undefined, object[]>();
  private readonly known = new Map<unknown, Instance>();
  private tell: ((instance: Instance) => void) | undefined;

  /** `container`: may be a factory's product, and is nobody's to dispose of. */
  constructor(private readonly container?: unknown) {}

  has(recipe: Recipe): boolean {
    return this.single.has(recipe);
  }

  /** Whether something is the application's, and not of the one who asks for it. */
  knows(value: unknown): boolean {
    return this.known.has(value);
  }

  /** Calls what makes an instance, or finds it, and takes note of it, and of who asked. */
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

  /** The same for what takes time. Nothing else may be made meanwhile. */
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

  /** All, in the order in which they were made. */
  all(): Instance[] {
    return [...this.known.values()];
  }

  /** All, those of the recipes first, in their order. */
  ordered(recipes: readonly Recipe[]): Instance[] {
    const values = recipes.flatMap((recipe) => [...(this.helpers.get(recipe) ?? []), this.single.get(recipe)]);
    const first = values.flatMap((value) => this.known.get(value) ?? []);
    return [...new Set([...first, ...this.known.values()])];
  }

  /** What is made from now on is told, if there is one of it; of the rest no note is taken. */
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
