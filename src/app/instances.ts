import { Lifecycle } from 'tsyringe';
import type { Making } from './dependencies';

/** Something that lives as long as the application. */
export interface Instance {
  readonly instance: object;
  /** Whether the application made it, and so disposes of it. */
  readonly own: boolean;
}

/** What an application's container really made and handed out. */
export class Instances {
  /** What is being made, the innermost last. */
  private readonly stack: Making[] = [];
  private readonly single = new Map<Making, unknown>();
  /** Those that were made for one that there is one of, or for nobody known. */
  private readonly helpers = new Map<Making | undefined, object[]>();
  private readonly known = new Map<unknown, Instance>();
  private tell: ((instance: Instance) => void) | undefined;

  /** `container`: may be a factory's product, and is nobody's to dispose of. */
  constructor(private readonly container?: unknown) {}

  has(making: Making): boolean {
    return this.single.has(making);
  }

  /** Whether something is the application's, and not of the one who asks for it. */
  knows(value: unknown): boolean {
    return this.known.has(value);
  }

  /** Calls what makes an instance, or finds it, and takes note of it, and of who asked. */
  make(making: Making, make: () => unknown): unknown {
    if (this.tell === undefined) this.stack.at(-1)?.asked.add(making);
    this.stack.push(making);
    let value: unknown;
    try {
      value = make();
    } finally {
      this.stack.pop();
    }
    if (making.lifecycle === Lifecycle.Singleton) {
      if (!this.single.has(making)) this.note(making, value, true);
    } else if (
      making.lifecycle !== Lifecycle.ContainerScoped &&
      making.class !== undefined &&
      this.tell === undefined
    ) {
      this.noteHelper(value as object);
    }
    return value;
  }

  /** The same for what takes time. Nothing else may be made meanwhile. */
  async during<Value>(making: Making, make: () => Promise<Value>): Promise<Value> {
    this.stack.push(making);
    try {
      return await make();
    } finally {
      this.stack.pop();
    }
  }

  note(making: Making, value: unknown, own: boolean): void {
    this.single.set(making, value);
    this.remember(value, own);
  }

  /** All, in the order in which they were made. */
  all(): Instance[] {
    return [...this.known.values()];
  }

  /** All, those of the makings first, in their order. */
  ordered(makings: readonly Making[]): Instance[] {
    const values = makings.flatMap((making) => [...(this.helpers.get(making) ?? []), this.single.get(making)]);
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
