import { Lifecycle, type InjectionToken } from 'tsyringe';
import { BootError, WHO_EMITS_NONE, moduleOf, pathOf, type Constructor } from '../decorators';
import { isToken, noToken } from '../binding';
import { otherMajorOf, ownClass } from '../copies';
import { CIRCULAR_IMPORT } from '../connection';
import { describe } from './describe';
import { refuseHooks } from './hooks';
import { constructorTypes, delayed, needsIn, type Need } from './registrations';

/** Types of constructor parameters that name no provider. */
const NO_TYPES = new Set<unknown>([Object, String, Number, Boolean, Array, Function, Symbol, BigInt]);

/** A parameter of a constructor. */
export interface ParameterNeed extends Need {
  /** From 0. */
  readonly index: number;
}

/**
 * The parameters of a class's constructor, in order.
 * @throws BootError for a parameter whose type names no provider: tsyringe would pass `new String()`, or nothing
 */
export function constructorNeeds(constructor: Constructor): ParameterNeed[] {
  const { types, tokens } = constructorTypes(constructor);
  return parameters(constructor, (index) => {
    const given = index in tokens ? needsIn(tokens[index])[0]!.token : Object;
    const why = isToken(given) ? whyNoToken(constructor, types, index) : `its token ${noToken(given)}`;
    throw new BootError(`${parameter(constructor, index)}: ${why}`);
  });
}

/** The same without parameters whose type names no provider. */
export function knownNeeds(constructor: Constructor): ParameterNeed[] {
  return parameters(constructor, () => {});
}

function parameters(constructor: Constructor, unknown: (index: number) => void): ParameterNeed[] {
  const { types, tokens } = constructorTypes(constructor);
  const indices = Object.keys(tokens).map((index) => Number(index) + 1);
  const count = Math.max(types.length, constructor.length, ...indices);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const recorded = index in tokens ? tokens[index] : types[index];
    const needs = NO_TYPES.has(recorded) ? [] : needsIn(recorded).filter(({ token }) => isToken(token));
    if (needs.length === 0) unknown(index);
    return needs.map((need) => ({ ...need, index }));
  });
}

function whyNoToken(constructor: Constructor, types: readonly unknown[], index: number): string {
  const type = types[index];
  if (index >= types.length) {
    const setting = `"emitDecoratorMetadata": true in tsconfig.json; or bind the parameter with @Inject(token). ${WHO_EMITS_NONE}`;
    // Portal's decorators have made it injectable
    const isInjectable = pathOf(constructor) !== undefined || moduleOf(constructor) !== undefined;
    if (isInjectable) return `its type is not known. Set ${setting}`;
    return `its type is not known. Decorate ${describe(constructor as InjectionToken)} with @injectable() from portal-ws, with ${setting}`;
  }
  if (type === undefined) return `its type is undefined; ${CIRCULAR_IMPORT}.`;
  const unnamed = `its type came out as ${(type as Function).name}, which names no provider`;
  if (type !== Object && type !== Function) return `${unnamed}. Use @Inject(token).`;
  return (
    `${unnamed}: an interface, a union, or a class imported with \`import type\`. Use a class imported as a value, or ` +
    `@Inject(token).`
  );
}

function parameter(constructor: Constructor, index: number): string {
  return `${describe(constructor as InjectionToken)}, constructor parameter ${index + 1}`;
}

/** One provider of a token: a `class`, an `alias` for another token, or, without either, a value or a factory. */
export interface Recipe {
  readonly token: InjectionToken;
  /** `Singleton` is one for the application, `ContainerScoped` one for each connection. */
  readonly lifecycle: Lifecycle;
  readonly class?: Constructor;
  readonly alias?: InjectionToken;
  /** True for a class that no module lists and that is not registered with tsyringe. */
  readonly unlisted?: boolean;
  /** Recipes that it asked the container for while it was made. */
  readonly asked: Set<Recipe>;
}

/** The owner of an instance. */
export type Owner = 'application' | 'connection';

/** A token that somebody needs. */
export interface Wanted extends Need {
  readonly owner: Owner;
  /** The place that needs it, in errors. */
  readonly place: string;
}

/**
 * All recipes that are wanted, each after the recipes that it needs; delayed ones at the end.
 * @param makingsOf the recipes of a token, of which the last is injected; an empty list for a token that nothing provides
 * @throws BootError for a circle of recipes
 * @throws BootError for a token that nothing provides
 */
export function inOrder(
  wanted: Iterable<Wanted | Recipe>,
  makingsOf: (token: InjectionToken) => readonly Recipe[],
): Recipe[] {
  const order = new Set<Recipe>();
  const seen = { application: new Set<Recipe>(), connection: new Set<Recipe>() };
  const late: Wanted[] = [];

  const want = (need: Wanted, chain: readonly Recipe[]): void => {
    const later = delayed(need.token);
    if (later !== undefined) {
      if (!isToken(later.target)) throw new BootError(`${need.place}: what delay() leads to ${noToken(later.target)}`);
      late.push({ ...need, token: later.target });
      return;
    }
    const token = ownClass(need.token);
    const recipes = makingsOf(token);
    if (recipes.length === 0 && !need.optional) throw new BootError(`${need.place}: ${missing(token)}`);
    for (const recipe of need.all ? recipes : recipes.slice(-1)) visit(recipe, need.owner, chain, need.place);
  };

  const visit = (recipe: Recipe, owner: Owner, chain: readonly Recipe[], place: string): void => {
    const { token, alias, lifecycle } = recipe;
    if (lifecycle === Lifecycle.ContainerScoped && owner === 'application' && recipe.unlisted !== true) {
      throw new BootError(
        `${place}: each connection has its own ${describe(token)}, so what is made once cannot have one.`,
      );
    }
    const isOfConnection = [...chain, recipe].some((each) => each.lifecycle === Lifecycle.ContainerScoped);
    if (recipe.class !== undefined && lifecycle !== Lifecycle.Singleton && owner === 'connection' && isOfConnection) {
      refuseHooks(token, recipe.class.prototype);
    }
    if (seen[owner].has(recipe)) return;
    if (chain.includes(recipe)) throw circular([...chain.slice(chain.indexOf(recipe)), recipe]);
    const path = [...chain, recipe];
    const needs = {
      all: false,
      optional: false,
      owner: lifecycle === Lifecycle.Singleton ? 'application' : owner,
    } as const;
    if (alias !== undefined) want({ ...needs, token: alias, place: describe(token) }, path);
    if (recipe.class !== undefined) {
      for (const need of constructorNeeds(recipe.class)) {
        want({ ...needs, ...need, place: parameter(recipe.class, need.index) }, path);
      }
    }
    for (const asked of recipe.asked) if (!path.includes(asked)) visit(asked, needs.owner, path, describe(token));
    seen[owner].add(recipe);
    order.add(recipe);
  };

  const begin = (item: Wanted | Recipe): void => {
    if ('place' in item) want(item, []);
    else visit(item, item.lifecycle === Lifecycle.Singleton ? 'application' : 'connection', [], describe(item.token));
  };
  for (const item of wanted) begin(item);
  for (const item of late) begin(item);
  return [...order];
}

function missing(token: InjectionToken): string {
  const name = describe(token);
  const major = otherMajorOf(token);
  if (major !== undefined)
    return `${name} is that of portal-ws ${major}, of which another version runs the application.`;
  return `nothing provides ${name}: add { token: ${name}, useValue: … } to the providers of a module.`;
}

function circular(chain: readonly Recipe[]): BootError {
  const names = chain.map(({ token }) => describe(token)).join(' → ');
  return new BootError(`${names}: each needs the next, so none can be made first. Break the circle, or use delay().`);
}
