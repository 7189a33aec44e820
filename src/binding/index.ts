export { BootError } from './boot-error';
export { compileController } from './controller';
export type { Report } from './handler';
export type { Resolver } from './resolver';
