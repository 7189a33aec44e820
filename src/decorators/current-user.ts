import { called } from './called';
import { recordParameter } from './metadata';

/** Binds `connection.user`: whom a guard or `@OnUpgrade` recognised; undefined when nobody did. */
export function CurrentUser(...given: []): ParameterDecorator {
  return called('@CurrentUser()', given, 0, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'user' }),
  );
}
