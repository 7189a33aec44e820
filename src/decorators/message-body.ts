import { recordParameter } from './metadata';

/** Binds the message (or, in `@OnError`, the error) to this parameter, whatever its type. */
export function MessageBody(): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'body' });
}
