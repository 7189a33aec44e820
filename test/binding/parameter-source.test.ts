import { OnMessage, OnUpgrade, QueryParam, WebSocketPath } from '../../src';
import { handlersOf } from '../../src/decorators';
import { describeParameters, type ParameterDescription } from '../../src/binding/parameter-source';

class Provider {}

@WebSocketPath('/')
class Chat {
  @OnMessage('first')
  first(text: string, provider: Provider): unknown {
    return [text, provider];
  }

  @OnMessage('defaults')
  defaults(@QueryParam('a') a: string, @QueryParam('b') b: string = '', @QueryParam('c') c?: string): unknown {
    return [a, b, c];
  }

  @OnUpgrade()
  enter(text: string): unknown {
    return text;
  }
}

function describeMethod(method: string, provided: readonly unknown[] = []): ParameterDescription[] {
  const record = handlersOf(Chat).find((each) => each.method === method)!;
  const resolver = { provides: (token: unknown) => provided.includes(token) };
  return describeParameters({ controller: Chat, pattern: '/', record }, resolver);
}

test('a parameter has its place in errors', () => {
  expect(describeMethod('first', [Provider]).map(({ place }) => place)).toEqual([
    'Chat.first, parameter 1 (text)',
    'Chat.first, parameter 2 (provider)',
  ]);
});

test('a class is a provider where the application provides it, and else the body', () => {
  expect(describeMethod('first', [Provider]).map(({ source }) => source.from)).toEqual(['body', 'container']);
  expect(() => describeMethod('first')).toThrow(
    'Chat.first, parameter 2 (provider): a second body; a handler takes one message.',
  );
});

test('defaults are seen from the first parameter that has one', () => {
  expect(describeMethod('defaults').map(({ hasDefault }) => hasDefault)).toEqual([false, true, true]);
});

test('a handler without a body takes no value by its type', () => {
  expect(() => describeMethod('enter')).toThrow('Chat.enter, parameter 1 (text): nothing binds String');
});
