export type { BodyLimits } from './body-walk';
export { type ValidationOptions, classCheck, isValidated } from './class-check';
export type { Issue } from './issues';
export { checkNested } from './nested-types';
export { isSchema, schemaCheck } from './schema-check';
export { type Check, checkOf } from './type-check';
