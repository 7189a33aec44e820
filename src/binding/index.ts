export { BootError, refuseOtherMajor } from './boot-error';
export type { ValidationOptions } from './class-check';
export type { Context, ContextKind, ExceptionFilter, Guard, Interceptor } from './context';
export { compileController, type BindingOptions } from './controller';
export type { Issue } from './issues';
export type { Report } from './pipeline';
export type { Resolver, Scope } from './resolver';
export type { Timing } from './timing';
export type { ApplicationUses } from './uses';
