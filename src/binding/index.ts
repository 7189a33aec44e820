export { isToken, noToken } from './arguments';
export { type BindingOptions, compileController } from './controller';
export type { Report } from './pipeline';
export { refuseMisplaced } from './places';
export type { Resolver, Scope } from './resolver';
export { type Timing, faultIn } from './timing';
