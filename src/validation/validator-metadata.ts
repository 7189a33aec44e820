import type { getMetadataStorage } from 'class-validator';
import { dtoLibraries } from '../decorators';

type Storage = ReturnType<typeof getMetadataStorage>;

function storage(): Storage {
  return dtoLibraries().validator.getMetadataStorage();
}

/** A decorator of class-validator on a property. */
export type ValidatorMetadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];

/** The validator that a decorator calls. */
export type ConstraintMetadata = ReturnType<Storage['getTargetValidatorConstraints']>[number];

// the values of `ValidatorMetadata.type`
export const CUSTOM = 'customValidation';
export const DEFINED = 'isDefined';
/** Also the constraint of an issue where a value stands in the place of a nested object. */
export const NESTED = 'nestedValidation';
export const CONDITIONAL = 'conditionalValidation';
export const ALLOWED = 'whitelistValidation';

/** class-validator's options that decide which decorators count. */
export interface MetadataOptions {
  readonly always?: boolean | undefined;
  readonly groups?: string[] | undefined;
}

/** The decorators of a class and of its bases. */
export function validatorsOf(type: unknown, { always = false, groups }: MetadataOptions = {}): ValidatorMetadata[] {
  if (typeof type !== 'function') return [];
  return storage().getTargetValidationMetadatas(type, '', always, false, groups);
}

/** The decorators of a class and of its bases, by property. */
export function validatorsByProperty(type: unknown, options?: MetadataOptions): [string, ValidatorMetadata[]][] {
  return Object.entries(storage().groupByPropertyName(validatorsOf(type, options)));
}

export function constraintsOf({ constraintCls }: ValidatorMetadata): ConstraintMetadata[] {
  return storage().getTargetValidatorConstraints(constraintCls);
}
