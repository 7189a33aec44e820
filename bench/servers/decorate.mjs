/**
 * Decorates a class as the TypeScript compiler does with emitted types: servers are plain JavaScript.
 * `methods`: for each name its parameters' types, then its decorators.
 */
export function decorate(target, decorators, methods = {}) {
  for (const [name, [types, ...ofMethod]] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    Reflect.defineMetadata('design:type', Function, target.prototype, name);
    Reflect.defineMetadata('design:paramtypes', types, target.prototype, name);
    for (const decorator of ofMethod) decorator(target.prototype, name, descriptor);
  }
  Reflect.defineMetadata('design:paramtypes', [], target);
  for (const decorator of decorators) decorator(target);
  return target;
}

/** The same for properties: for each name its type, then its decorators. */
export function decorateProperties(target, properties) {
  for (const [name, [type, ...decorators]] of Object.entries(properties)) {
    Reflect.defineMetadata('design:type', type, target.prototype, name);
    for (const decorator of decorators) decorator(target.prototype, name);
  }
}
