import 'reflect-metadata';
import { inject, type InjectionToken } from 'tsyringe';
import { called } from './called';
import { recordParameter } from './metadata';

/** Binds a provider by its token to a parameter of a constructor or of a handler. */
export function Inject(...given: [token: InjectionToken]): ParameterDecorator {
  const [token] = given;
  return called('@Inject()', given, 1, (target, method, index) => {
    if (typeof target === 'function' && method === undefined && typeof index === 'number')
      inject(token)(target, method, index);
    else recordParameter(target, method, index, { from: 'container', token });
  });
}
