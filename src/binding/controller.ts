import { handlersOf, pathOf, type Constructor, type HandlerRecord, type WebSocketPathOptions } from '../decorators';
import type { Endpoint } from '../engine';
import { BootError } from './boot-error';
import { compileCall } from './call';
import { HandlerFactory, type Handler, type Report } from './handler';
import { bindParameters, type BodyType, type BoundParameters } from './parameters';
import type { Resolver } from './resolver';

interface BoundHandler extends BoundParameters {
  readonly record: HandlerRecord;
}

/** Compiles a controller to the endpoint that the engine serves. @throws BootError for every mistake in it */
export function compileController(controller: Constructor, resolver: Resolver, report: Report): Endpoint {
  const { pattern, options } = declaredPath(controller);
  const records = handlersOf(controller);
  if (records.length === 0) {
    throw new BootError(
      `${controller.name} has no handlers: decorate at least one method with @OnMessage(), @OnOpen() or @OnClose().`,
    );
  }
  const bound = records.map((record) => ({ record, ...bindParameters(controller, record, pattern, resolver) }));
  const slots = assignSlots(controller, bound);
  const instance = resolver.resolve(controller as never) as object;

  const errorHandlers = bound
    .filter(({ record }) => record.kind === 'error')
    .map(({ record, readers }) => ({ error: record.error!, call: compileCall(instance, record.method, readers) }));
  const factory = new HandlerFactory(errorHandlers, report);

  const hooks: Partial<Record<Slot | 'textStream' | 'binaryStream', Handler>> = {};
  for (const [slot, { record, readers, body }] of slots) {
    hooks[body === 'stream' ? STREAM_HOOKS[slot as 'text' | 'binary'] : slot] = factory.compile(
      compileCall(instance, record.method, readers),
      `${controller.name}.${record.method}`,
    );
  }
  return { path: pattern, name: controller.name, ...options, ...hooks };
}

const STREAM_HOOKS = { text: 'textStream', binary: 'binaryStream' } as const;

type Slot = 'open' | 'text' | 'binary' | 'ping' | 'pong' | 'drain' | 'close';

/** Which hooks of an endpoint a handler serves. */
function slotsOf(kind: HandlerRecord['kind'], body: BodyType | undefined): Slot[] {
  if (kind === 'error') return [];
  if (kind !== 'message') return [kind];
  return body === 'text' || body === 'binary' ? [body] : ['text', 'binary'];
}

/** One handler for each hook; a message handler without a body, or for streams, takes what has no handler of its own. */
function assignSlots(controller: Constructor, handlers: readonly BoundHandler[]): Map<Slot, BoundHandler> {
  const slots = new Map<Slot, BoundHandler>();
  const spare = new Map<Slot, BoundHandler>();
  for (const handler of handlers) {
    const { kind, method } = handler.record;
    const isSpare = kind === 'message' && (handler.body === undefined || handler.body === 'stream');
    const table = isSpare ? spare : slots;
    for (const slot of slotsOf(kind, handler.body)) {
      const other = table.get(slot);
      if (other !== undefined) {
        const what = kind === 'message' ? `${isSpare ? 'all' : slot} messages` : decoratorName(kind);
        throw new BootError(`${controller.name}: ${other.record.method} and ${method} are both handlers of ${what}.`);
      }
      table.set(slot, handler);
    }
  }
  for (const [slot, handler] of spare) if (!slots.has(slot)) slots.set(slot, handler);
  refuseTwiceTheSameError(controller, handlers);
  return slots;
}

function refuseTwiceTheSameError(controller: Constructor, handlers: readonly BoundHandler[]): void {
  const seen = new Map<Constructor, string>();
  for (const { record } of handlers) {
    if (record.error === undefined) continue;
    const other = seen.get(record.error);
    if (other !== undefined) {
      const what = `@OnError(${record.error.name})`;
      throw new BootError(`${controller.name}: ${other} and ${record.method} are both handlers of ${what}.`);
    }
    seen.set(record.error, record.method);
  }
}

function decoratorName(kind: HandlerRecord['kind']): string {
  return `@On${kind[0]!.toUpperCase()}${kind.slice(1)}()`;
}

function declaredPath(controller: Constructor): { pattern: string; options: WebSocketPathOptions } {
  const path = pathOf<WebSocketPathOptions>(controller);
  if (path === undefined) {
    throw new BootError(`${controller.name} is listed under controllers, but has no @WebSocketPath('/…').`);
  }
  if (typeof path.pattern !== 'string' || !path.pattern.startsWith('/')) {
    throw new BootError(`${controller.name}: the path ${JSON.stringify(path.pattern)} must begin with a slash.`);
  }
  return path;
}
