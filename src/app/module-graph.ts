import { BootError, refuseOtherMajor } from '../binding';
import { moduleOf, type Constructor, type ModuleOptions, type ModuleProvider } from '../decorators';

/** All that the modules reachable from a root declare, each thing once, imported modules first. */
export interface ModuleGraph {
  readonly modules: readonly Constructor[];
  readonly controllers: readonly Constructor[];
  readonly providers: readonly ModuleProvider[];
}

/** @throws BootError when something imported is no module */
export function readModules(root: Constructor): ModuleGraph {
  const visited = new Set<Constructor>();
  const modules = new Set<Constructor>();
  const controllers = new Set<Constructor>();
  const providers = new Set<ModuleProvider>();
  const visit = (module: Constructor | undefined, importedBy: string): void => {
    if (module !== undefined) refuseOtherMajor(module);
    const options = module && moduleOf<ModuleOptions>(module);
    if (module === undefined || options === undefined) throw new BootError(notAModule(module, importedBy));
    if (visited.has(module)) return;
    visited.add(module);
    for (const imported of options.imports ?? []) visit(imported, module.name);
    modules.add(module);
    for (const controller of options.controllers ?? []) controllers.add(defined(controller, module, 'controllers'));
    for (const provider of options.providers ?? []) providers.add(defined(provider, module, 'providers'));
  };
  visit(root, '');
  return { modules: [...modules], controllers: [...controllers], providers: [...providers] };
}

function notAModule(module: Constructor | undefined, importedBy: string): string {
  if (module === undefined) return undefinedEntry(importedBy, 'imports');
  const by = importedBy === '' ? '' : `, imported by ${importedBy},`;
  return `${module.name}${by} is no module: decorate it with @Module({ controllers: […], providers: […] }).`;
}

function defined<T>(entry: T | undefined, module: Constructor, list: string): T {
  if (entry === undefined) throw new BootError(undefinedEntry(module.name, list));
  return entry;
}

function undefinedEntry(module: string, list: string): string {
  return `${module}: an entry of ${list} is undefined; two files that import each other are the usual cause.`;
}
