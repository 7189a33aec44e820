import {
  BootError,
  refuseOtherMajor,
  handlersOf,
  moduleOf,
  pathOf,
  type Constructor,
  type DynamicModule,
  type ModuleOptions,
  type ModuleProvider,
} from '../decorators';
import { refuseMisplaced } from '../binding';
import { CIRCULAR_IMPORT, unknownName, whyUndefined } from '../connection';
import { checkProvider, isClass } from './provider-check';

/** All modules that are reachable from a root, with their controllers and providers, each once, imported modules first. */
export interface ModuleGraph {
  readonly modules: readonly Constructor[];
  readonly controllers: readonly Constructor[];
  readonly providers: readonly ModuleProvider[];
}

const LISTS: Record<keyof ModuleOptions, true> = { imports: true, controllers: true, providers: true };

/**
 * @throws BootError for an import that is no module
 * @throws BootError for a class in a list where it does not belong
 */
export function readModules(root: Constructor): ModuleGraph {
  const visited = new Set<unknown>();
  const modules = new Set<Constructor>();
  const controllers = new Set<Constructor>();
  const providers = new Set<ModuleProvider>();
  const visit = (entry: Constructor | DynamicModule, importedBy: string): void => {
    const more = importedBy !== '' && isDynamic(entry) ? entry : undefined;
    const module = more === undefined ? (entry as Constructor) : more.module;
    if (isClass(module)) refuseOtherMajor(module);
    const options = isClass(module) ? moduleOf<ModuleOptions>(module) : undefined;
    if (options === undefined) throw new BootError(notAModule(module, importedBy));
    if (!visited.has(module)) {
      visited.add(module);
      checkModule(module, options, more !== undefined);
      include(module, options);
    }
    if (more === undefined || visited.has(more)) return;
    visited.add(more);
    checkLists(module, more, { module: true, ...LISTS }, 'the object with it in imports');
    include(module, more);
  };
  const include = (module: Constructor, options: ModuleOptions): void => {
    for (const imported of listed(options, 'imports', module)) visit(imported, module.name);
    modules.add(module);
    for (const controller of listed(options, 'controllers', module)) {
      checkController(controller, module);
      controllers.add(controller);
    }
    for (const provider of listed(options, 'providers', module)) {
      checkProvider(provider, `${module.name}, providers`);
      providers.add(provider);
    }
  };
  visit(root, '');
  return { modules: [...modules], controllers: [...controllers], providers: [...providers] };
}

/** True for a dynamic module, such as the result of `ConfigModule.forRoot({ … })`. */
function isDynamic(entry: unknown): entry is DynamicModule {
  return typeof entry === 'object' && entry !== null && 'module' in entry;
}

function notAModule(module: unknown, importedBy: string): string {
  const by = importedBy === '' ? '' : `, imported by ${importedBy},`;
  if (isClass(module)) {
    const advice =
      pathOf(module) === undefined
        ? 'decorate it with @Module({ controllers: […], providers: […] })'
        : 'it is a controller, which a module lists under controllers';
    return `${module.name}${by} is no module: ${advice}.`;
  }
  if (importedBy === '') {
    return `an application is made of a class with @Module({ controllers: […], providers: […] }), not of ${String(module)}${whyUndefined(module)}.`;
  }
  return `${importedBy}: an entry of imports is no class but ${kindOf(module)}: list classes with @Module(…).`;
}

/** `hasMore` is true where an import adds lists to the module. @throws BootError for wrong options, or a class that is something else too */
function checkModule(
  module: Constructor,
  options: ModuleOptions | null,
  hasMore: boolean,
): asserts options is ModuleOptions {
  const { name } = module;
  if (options === null) throw new BootError(`${name}: what @Module is given is undefined; ${CIRCULAR_IMPORT}.`);
  if (typeof options !== 'object') {
    throw new BootError(`${name}: write @Module({ controllers: […], providers: […] }), not ${kindOf(options)}.`);
  }
  checkLists(module, options, LISTS, '@Module');
  refuseMisplaced(module);
  if (pathOf(module) !== undefined)
    throw new BootError(`${name} is a module and a controller: make two classes of it.`);
  const [handler] = handlersOf(module);
  if (handler !== undefined) {
    throw new BootError(
      `${name}.${handler.method}: a module has no handlers. Put it into a class with @WebSocketPath('/…').`,
    );
  }
  if (!hasMore && Object.values(options).every((list) => list === undefined) && !doesSomething(module)) {
    throw new BootError(`${name} has nothing: give @Module({ … }) its imports, controllers or providers.`);
  }
}

/** @throws BootError for a list that does not exist */
function checkLists({ name }: Constructor, options: object, known: object, place: string): void {
  const unknown = Object.keys(options).find((list) => !Object.hasOwn(known, list));
  if (unknown === 'exports' || unknown === 'global') {
    throw new BootError(
      `${name}: there is no option "${unknown}" in ${place}: all modules share one container. Leave it out.`,
    );
  }
  if (unknown !== undefined) throw new BootError(`${name}: ${unknownName(unknown, known, place)}.`);
}

/** A module may be there for what it does when the application starts. */
function doesSomething({ prototype, length }: Constructor): boolean {
  return length > 0 || Object.getOwnPropertyNames(prototype).length > 1;
}

function listed<List extends keyof ModuleOptions>(
  options: ModuleOptions,
  list: List,
  { name }: Constructor,
): NonNullable<ModuleOptions[List]> {
  const entries: unknown = options[list] ?? [];
  if (!Array.isArray(entries)) throw new BootError(`${name}: ${list} must be an array, not ${kindOf(entries)}.`);
  if (entries.includes(undefined)) {
    throw new BootError(`${name}: an entry of ${list} is undefined; ${CIRCULAR_IMPORT}.`);
  }
  return entries as NonNullable<ModuleOptions[List]>;
}

function checkController(controller: unknown, { name }: Constructor): void {
  if (!isClass(controller)) {
    throw new BootError(
      `${name}: an entry of controllers is no class but ${kindOf(controller)}: list classes with @WebSocketPath('/…').`,
    );
  }
  if (moduleOf(controller) !== undefined) {
    throw new BootError(`${name}, controllers: ${controller.name} is a module. List it under imports.`);
  }
}

/** Of what is listed in a wrong place, what it is; a string may hold a secret. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
