import { context, propagation, SpanKind, SpanStatusCode, trace, type TextMapPropagator } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from 'portal-ws/opentelemetry';
import {
  Connection,
  ForbiddenError,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PathParam,
  PortalError,
  refuse,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Guard,
  type Interceptor,
} from '../../../src';
import { start } from '../../support/app';
import { deferred } from '../../support/engine';
import { Http2Client } from '../../support/http2-client';
import { RawClient } from '../../support/raw-client';
import { serve, settled } from '../../support/serve';
import { MemorySocket } from '../../../src/testing/memory-socket';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer('test');

/** As much of W3C Trace Context as is needed here. */
const traceContext: TextMapPropagator = {
  inject() {},
  extract(parent, carrier, getter) {
    const header = String(getter.get(carrier, 'traceparent'));
    const [, traceId, spanId] = /^00-([\da-f]{32})-([\da-f]{16})-01$/.exec(header) ?? [];
    if (traceId === undefined || spanId === undefined) return parent;
    return trace.setSpanContext(parent, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
  fields: () => ['traceparent'],
};

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(traceContext);
});
afterAll(() => {
  context.disable();
  propagation.disable();
});
beforeEach(() => exporter.reset());

/** A span of the user's own. */
function work(name: string): void {
  tracer.startSpan(name).end();
}

let asked = deferred();
let release: () => void = () => {};
const later = (): Promise<void> => new Promise((resolve) => (release = resolve));

const inner: Interceptor = {
  intercept(_context, next) {
    work('interceptor');
    return next();
  },
};

@WebSocketPath('/rooms/:room')
class Chat {
  @OnUpgrade()
  async enter(@PathParam('room') room: string) {
    work('enter');
    if (room === 'closed') return refuse(403);
    if (room === 'broken') throw new Error('no database');
    if (room === 'undecided') {
      asked.resolve();
      await new Promise(() => {});
    }
    return undefined;
  }
  @OnOpen()
  open(): void {
    work('open');
  }
  @OnMessage()
  text(message: string): string {
    work('text');
    return message;
  }
  @OnMessage('chat.say')
  @UseInterceptors(inner)
  async say(): Promise<string> {
    await later();
    work('say');
    return 'said';
  }
  @OnMessage('chat.count')
  async *count(): AsyncGenerator<number> {
    work('one');
    yield 1;
    await later();
    work('two');
    yield 2;
  }
  @OnMessage('chat.break')
  break(how: string): unknown {
    if (how === 'throw') throw new TypeError('thrown');
    if (how === 'reject') return Promise.reject(new TypeError('thrown'));
    if (how === 'string') throw 'a text';
    if (how === 'oddity') throw Object.create(null);
    if (how === 'iterate') return failing();
    throw new PortalError(how);
  }
  @OnMessage('chat.ask')
  ask(connection: Connection): Promise<unknown> {
    return connection.request('name?');
  }
  @OnClose()
  close(): void {
    work('close');
  }
}

async function* failing(): AsyncGenerator<number> {
  yield 1;
  throw new TypeError('thrown');
}

class Nobody implements Guard {
  canActivate(): never {
    throw new ForbiddenError('not you');
  }
}

@WebSocketPath('/guarded')
@UseGuards(Nobody)
class Guarded {
  @OnMessage()
  text(): void {}
}

const controllers = [Chat, Guarded];

function traced() {
  const tracing = openTelemetry({ tracer });
  return { observers: [tracing], interceptors: [tracing] };
}

const named = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name} in ${names().join(', ')}`);
  return found;
};
const names = (): string[] => exporter.getFinishedSpans().map((span) => span.name);
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
const UPGRADE = 'GET /rooms/:room';

describe('an upgrade', () => {
  test('a span by the conventions for HTTP servers, without the query', async () => {
    const app = await start(controllers, traced());
    (await RawClient.open(app.url, '/rooms/7?token=secret', { 'User-Agent': 'curl/8' })).destroy();
    const span = named(UPGRADE);
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 101,
      'http.route': '/rooms/:room',
      'url.path': '/rooms/7',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'client.address': '127.0.0.1',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'user_agent.original': 'curl/8',
    });
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes))).not.toContain('secret');
  });

  test('over HTTP/2 it is a CONNECT with 200', async () => {
    const app = await start(controllers, { ...traced(), http2: true });
    const client = await Http2Client.connect(app.url);
    await client.open('/rooms/7');
    expect(named('CONNECT /rooms/:room').attributes).toMatchObject({
      'http.request.method': 'CONNECT',
      'http.response.status_code': 200,
      'network.protocol.version': '2',
    });
    client.destroy();
  });

  test('is the child of what the client names in traceparent', async () => {
    const app = await serve(controllers, traced());
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    await app.connect('/rooms/7', { headers: { traceparent: `00-${traceId}-${spanId}-01` } });
    const span = named(UPGRADE);
    expect([span.spanContext().traceId, span.parentSpanContext?.spanId]).toEqual([traceId, spanId]);
  });

  test('a traceparent that is none is none', async () => {
    const app = await serve(controllers, traced());
    await app.connect('/rooms/7', { headers: { traceparent: '00-zz' } });
    expect(named(UPGRADE).parentSpanContext).toBeUndefined();
  });

  test('is the parent of what @OnUpgrade, @OnOpen and @OnClose do', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    await client.close();
    await settled();
    expect(names()).toEqual(
      ['enter', 'open', UPGRADE, 'close'].sort((a, b) => names().indexOf(a) - names().indexOf(b)),
    );
    for (const name of ['enter', 'open', 'close']) {
      expect(named(name).parentSpanContext?.spanId).toBe(idOf(named(UPGRADE)));
    }
  });

  test.each([
    ['/rooms/closed', UPGRADE, 403],
    ['/guarded', 'GET /guarded', 403],
    ['/nowhere', 'GET', 404],
  ])('refused, it tells the status and is no failure: %s', async (path, name, status) => {
    const app = await serve(controllers, traced());
    await app.refusal(path);
    expect(named(name).attributes['http.response.status_code']).toBe(status);
    expect(named(name).status.code).toBe(SpanStatusCode.UNSET);
    expect(name === 'GET' ? named(name).attributes['http.route'] : undefined).toBeUndefined();
  });

  test('broken, it is a failure with the exception', async () => {
    const app = await serve(controllers, traced());
    await app.refusal('/rooms/broken');
    const { attributes, status, events } = named(UPGRADE);
    expect(attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' });
    expect(status.code).toBe(SpanStatusCode.ERROR);
    expect(events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['no database']);
  });

  test('a client that leaves before it is decided ends it', async () => {
    asked = deferred();
    const app = await start(controllers, traced());
    const [ours, theirs] = MemorySocket.pair();
    (app as unknown as { engine: { serve(stream: MemorySocket): void } }).engine.serve(theirs);
    RawClient.over(ours).upgrade('/rooms/undecided');
    await asked.promise;
    theirs.destroy();
    await settled();
    expect(named(UPGRADE).attributes['error.type']).toBe('client_left');
  });

  test('a request that nobody can read has none', async () => {
    const app = await start(controllers, traced());
    const client = await RawClient.connect(app.url);
    client.write('nonsense\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    expect(names()).toEqual([]);
  });
});

describe('a message', () => {
  test('a trace of its own, with a link to the upgrade', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    client.send('x');
    await client.receive();
    const [connection] = app.connections;
    const span = named('message /rooms/:room');
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(named(UPGRADE).spanContext().traceId);
    expect(span.links.map(({ context }) => context)).toEqual([named(UPGRADE).spanContext()]);
    expect(span.attributes).toEqual({
      'http.route': '/rooms/:room',
      'network.protocol.name': 'websocket',
      'code.function.name': 'Chat.text',
      'portal.connection.id': connection!.id,
    });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(named('text').parentSpanContext?.spanId).toBe(idOf(span));
  });

  test('an event: the span lasts until the handler has settled, and is active in it and in interceptors', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    const answer = client.request('chat.say');
    await settled();
    expect(names()).not.toContain('chat.say /rooms/:room');
    release();
    expect(await answer).toBe('said');
    const span = named('chat.say /rooms/:room');
    expect(span.attributes).toMatchObject({ 'portal.event': 'chat.say', 'code.function.name': 'Chat.say' });
    for (const name of ['interceptor', 'say']) expect(named(name).parentSpanContext?.spanId).toBe(idOf(span));
  });

  test('messages that are handled at the same time do not mix', async () => {
    const app = await serve(controllers, traced());
    const clients = await Promise.all([app.connect('/rooms/7'), app.connect('/rooms/8')]);
    const releases: (() => void)[] = [];
    const answers: Promise<unknown>[] = [];
    for (const client of clients) {
      answers.push(client.request('chat.say'));
      await settled();
      releases.push(release);
    }
    for (const each of releases.reverse()) each();
    await Promise.all(answers);
    const spans = exporter.getFinishedSpans();
    const parents = spans.filter(({ name }) => name === 'say').map((span) => span.parentSpanContext?.spanId);
    expect(new Set(parents)).toEqual(new Set(spans.filter(({ name }) => name === 'chat.say /rooms/:room').map(idOf)));
    expect(new Set(parents).size).toBe(2);
  });

  test('an async iterable: until its last item, each made in the span', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    const answer = client.request('chat.count');
    await settled();
    expect(names()).not.toContain('chat.count /rooms/:room');
    release();
    expect(await answer).toEqual([1, 2]);
    const span = named('chat.count /rooms/:room');
    for (const name of ['one', 'two']) expect(named(name).parentSpanContext?.spanId).toBe(idOf(span));
  });

  test('an async iterable that the client does not wait for', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    client.emit('chat.count');
    await client.receiveEvent();
    await client.close();
    release();
    await settled();
    expect(named('chat.count /rooms/:room').status.code).toBe(SpanStatusCode.UNSET);
  });

  test.each([
    ['throw', 'TypeError', 'thrown'],
    ['reject', 'TypeError', 'thrown'],
    ['iterate', 'TypeError', 'thrown'],
    ['string', '_OTHER', "'a text'"],
    ['oddity', '_OTHER', '[Object: null prototype] {}'],
    ['room_full', 'room_full', 'room_full'],
  ])('that fails is a failure, with the exception: %s', async (how, type, message) => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    await client.request('chat.break', how).catch(() => {});
    const { attributes, status, events } = named('chat.break /rooms/:room');
    expect(attributes['error.type']).toBe(type);
    expect(status.code).toBe(SpanStatusCode.ERROR);
    expect(events.map((event) => event.attributes?.['exception.message'])).toEqual([message]);
    expect(app.log.lines).toEqual(how === 'room_full' ? [] : ['error Chat.break failed']);
  });

  test.each([
    ['validation_failed', 7],
    ['forbidden', 'forbidden'],
  ])('that the client got wrong is no failure: %s', async (code, data) => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    await expect(client.request('chat.break', data)).rejects.toMatchObject({ code });
    const { attributes, status, events } = named('chat.break /rooms/:room');
    expect([attributes['error.type'], status.code, events]).toEqual([code, SpanStatusCode.UNSET, []]);
  });

  test('a client that leaves while it is asked something is no failure', async () => {
    const app = await serve(controllers, traced());
    const client = await app.connect('/rooms/7');
    client.emit('chat.ask');
    await client.receiveEvent('name?');
    await client.close();
    await settled();
    expect(named('chat.ask /rooms/:room').status.code).toBe(SpanStatusCode.UNSET);
  });

  test('an event that nobody takes has no span with a name of its own', async () => {
    const app = await serve([Chat], traced());
    const client = await app.connect('/rooms/7');
    client.send('{"event":"evil"}');
    await client.receive();
    expect(names().join()).not.toContain('evil');
  });
});

test('given as one of the two only, it does its half', async () => {
  const tracing = openTelemetry({ tracer });
  const [observed, intercepted] = [
    await serve(controllers, { observers: [tracing] }),
    await serve(controllers, { interceptors: [tracing] }),
  ];
  for (const app of [observed, intercepted]) {
    const client = await app.connect('/rooms/7');
    client.send('x');
    await client.receive();
  }
  expect(names().filter((name) => name.includes('/'))).toEqual([UPGRADE, 'message /rooms/:room']);
  expect(named('message /rooms/:room').links).toEqual([]);
});

test('without a tracer, that of the global provider, also when it is set later', async () => {
  const tracing = openTelemetry();
  const app = await serve(controllers, { observers: [tracing], interceptors: [tracing] });
  const client = await app.connect('/rooms/7');
  client.send('x');
  expect(await client.receive()).toBe('x');
  expect(exporter.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope.name)).not.toContain(
    'portal-ws',
  );
  trace.setGlobalTracerProvider(provider);
  client.send('y');
  await client.receive();
  expect(named('message /rooms/:room').instrumentationScope.name).toBe('portal-ws');
  trace.disable();
});

test('a handler that makes no promise gets none', async () => {
  const tracing = openTelemetry({ tracer });
  const app = await serve(controllers, traced());
  await app.connect('/rooms/7');
  const [connection] = app.connections;
  const call = { kind: 'message', connection: connection!, controller: Chat, method: 'text' } as const;
  expect(tracing.intercept(call, () => 'now')).toBe('now');
});
