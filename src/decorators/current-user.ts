import { called } from './called';
import { recordParameter } from './metadata';

/** Binds `connection.user`, which guards and `@OnUpgrade` set; `undefined` where none of them did. */
export function CurrentUser(...given: []): ParameterDecorator {
  return called('@CurrentUser()', given, 0, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'user' }),
  );
}
