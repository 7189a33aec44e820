import type { InjectionToken } from 'tsyringe';
import { BootError } from '../binding';
import type { Constructor } from '../decorators';
import { describe } from './describe';

/** What a constructor's parameter may be declared as and the container can make nothing of. */
const NO_TOKENS = new Set<unknown>([Object, String, Number, Boolean, Array, Function, Symbol, BigInt, undefined]);

/**
 * The tokens that a class is constructed with, in order.
 * @throws BootError for a parameter whose type names no provider: tsyringe would hand in `new String()`, or nothing
 */
export function constructorTokens(constructor: Constructor): InjectionToken[] {
  const types = (Reflect.getMetadata('design:paramtypes', constructor) as unknown[] | undefined) ?? [];
  const explicit =
    (Reflect.getOwnMetadata('injectionTokens', constructor) as Record<number, unknown> | undefined) ?? {};
  const count = Math.max(types.length, constructor.length);
  return Array.from({ length: count }, (_, index) => {
    if (explicit[index] !== undefined) return tokenIn(explicit[index]);
    const type = types[index];
    if (index < types.length && !NO_TOKENS.has(type)) return type as InjectionToken;
    throw new BootError(`${parameter(constructor, index)}: ${whyNoToken(constructor, types, index)}`);
  });
}

function whyNoToken({ name }: Constructor, types: readonly unknown[], index: number): string {
  const type = types[index];
  if (index >= types.length) {
    return (
      `its type is not known. Decorate ${name} with @injectable() from portal-ws, with "emitDecoratorMetadata": true in ` +
      `tsconfig.json; or bind the parameter with @Inject(token).`
    );
  }
  if (type === undefined) return 'its type is undefined; two files that import each other are the usual cause.';
  const unnamed = `its type came out as ${(type as Function).name}, which names no provider`;
  if (type !== Object && type !== Function) return `${unnamed}. Use @Inject(token).`;
  return (
    `${unnamed}: an interface, a union, or a class imported with \`import type\`. Use a class imported as a value, or ` +
    `@Inject(token).`
  );
}

/** tsyringe keeps a token as it is, or in a descriptor (`@injectAll`, `@injectWithTransform`). */
function tokenIn(recorded: unknown): InjectionToken {
  return ((recorded as { token?: unknown }).token ?? recorded) as InjectionToken;
}

function parameter({ name }: Constructor, index: number): string {
  return `${name}, constructor parameter ${index + 1}`;
}

/** How a token is made: by a class, by way of another token, or (neither) without needing anything that is known. */
export interface Making {
  readonly class?: Constructor;
  readonly token?: InjectionToken;
}

/**
 * All that the tokens need, each after what it needs itself.
 * @param makingOf how a token is made; undefined when nothing provides it, a text when it may not be had, and why
 * @param wanted for what, in error messages
 * @throws BootError for what needs itself, and for what cannot be had
 */
export function inOrder(
  tokens: Iterable<InjectionToken>,
  makingOf: (token: InjectionToken) => Making | string | undefined,
  wanted?: string,
): InjectionToken[] {
  const done = new Set<InjectionToken>();
  const visit = (token: InjectionToken, chain: readonly InjectionToken[], place: string): void => {
    if (done.has(token) || isDelayed(token)) return;
    if (chain.includes(token)) throw circular([...chain.slice(chain.indexOf(token)), token]);
    const making = makingOf(token);
    if (making === undefined || typeof making === 'string') {
      throw new BootError(`${place}: ${making ?? missing(token)}`);
    }
    const path = [...chain, token];
    const { class: constructor, token: other } = making;
    if (other !== undefined) visit(other, path, describe(token));
    if (constructor !== undefined) {
      constructorTokens(constructor).forEach((needed, index) => visit(needed, path, parameter(constructor, index)));
    }
    done.add(token);
  };
  for (const token of tokens) visit(token, [], wanted ?? describe(token));
  return [...done];
}

function missing(token: InjectionToken): string {
  const name = describe(token);
  return `nothing provides ${name}: add { token: ${name}, useValue: … } to the providers of a module.`;
}

function circular(chain: readonly InjectionToken[]): BootError {
  const names = chain.map(describe).join(' → ');
  return new BootError(`${names}: each needs the next, so none can be made first. Break the circle, or use delay().`);
}

/** `delay(() => Token)` is looked up when it is first used. */
function isDelayed(token: InjectionToken): boolean {
  return typeof token === 'object' && token !== null;
}
