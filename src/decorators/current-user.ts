import { recordParameter } from './metadata';

/** Binds `connection.user`: whom a guard or `@OnUpgrade` recognised; undefined when nobody did. */
export function CurrentUser(): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'user' });
}
