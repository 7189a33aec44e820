import { inspect } from 'node:util';
import type * as Api from '@opentelemetry/api';
import type { Context, Interceptor } from '../../decorators';
import { faultIn } from '../../binding';
import { errorThrown, isThenable, takeRejection } from '../../messages';
import { PortalError } from '../../messages';
import type { Connection, Observer } from '../../connection';
import type { Handshake, Refusal } from '../../handshake';
import { optional } from '../shared';
import { isAsyncIterable, within } from './iterables';

const { context, diag, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = optional(
  'portal-ws/opentelemetry',
  '@opentelemetry/api',
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
  () => require('@opentelemetry/api') as typeof Api,
);

export interface OpenTelemetryOptions {
  /** The tracer that begins spans. Default: the tracer `portal-ws` of the global provider. */
  tracer?: Api.Tracer | undefined;
}

/** The most characters of a path, host or user agent in a span. */
const MOST = 1024;

/**
 * Makes spans for upgrades and messages. Give it to both options, `observers` and `interceptors`. The span of an upgrade is a child of the
 * one that the client names in `traceparent`. The span of a message is the root of a trace of its own, with a link to the upgrade, since a
 * connection may live for days. Spans that a handler begins are children of the message's span, or of the upgrade's in other hooks.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Observer & Interceptor {
  return new Tracing(options.tracer ?? trace.getTracer('portal-ws'));
}

class Tracing implements Observer, Interceptor {
  /** The context that is active during the upgrade, and the one that stands for it afterwards. */
  private readonly upgrades = new WeakMap<Handshake, Api.Context>();

  constructor(private readonly tracer: Api.Tracer) {}

  arrived(handshake: Handshake): void {
    const parent = propagation.extract(ROOT_CONTEXT, handshake.headers);
    const attributes = requestAttributes(handshake);
    const span = this.start(methodOf(handshake), { kind: SpanKind.SERVER, attributes }, parent);
    this.upgrades.set(handshake, trace.setSpan(parent, span));
  }

  opened({ handshake, path }: Connection): void {
    this.answered(handshake, path, handshake.httpVersion === '2.0' ? 200 : 101);
  }

  handshakeRefused({ status }: Refusal, handshake: Handshake, path?: string): void {
    this.answered(handshake, path, status);
  }

  abandoned(handshake: Handshake, path: string): void {
    this.answered(handshake, path, undefined);
  }

  failed(error: unknown, _what: string, connection?: Connection): void {
    const upgrade = connection && this.upgrades.get(connection.handshake);
    if (upgrade !== undefined) trace.getSpan(upgrade)?.recordException(exceptionOf(error));
  }

  /** A tracer that fails costs a span, but no message. */
  intercept(call: Context, next: () => unknown): unknown {
    const { kind, connection } = call;
    const upgrade = this.upgrades.get(connection.handshake) ?? ROOT_CONTEXT;
    if (kind !== 'message') return context.with(upgrade, next);
    const span = quietly(() => this.begin(call, upgrade));
    if (span === undefined) return next();
    const fail = (error: unknown): never => {
      quietly(() => endFailed(span, faultIn(error, connection)));
      throw error;
    };
    const active = trace.setSpan(upgrade, span);
    const settle = (value: unknown): unknown => {
      if (isAsyncIterable(value)) {
        const inContext = <T>(run: () => T): T => context.with(active, run);
        return within(inContext, value, (error) => quietly(() => endFailed(span, faultIn(error, connection))));
      }
      quietly(() => span.end());
      return value;
    };
    let value: unknown;
    try {
      value = context.with(active, next);
    } catch (error) {
      return fail(error);
    }
    return isThenable(value) ? Promise.resolve(value).then(settle, fail) : settle(value);
  }

  private start(name: string, options: Api.SpanOptions, parent: Api.Context): Api.Span {
    const span = this.tracer.startSpan(name, options, parent);
    if (typeof span?.end === 'function') return span;
    takeRejection(span, () => {});
    throw new TypeError('startSpan of the tracer returned no span');
  }

  private begin({ connection, event, controller, method }: Context, upgrade: Api.Context): Api.Span {
    const { path } = connection;
    const origin = trace.getSpanContext(upgrade);
    const options: Api.SpanOptions = {
      kind: SpanKind.SERVER,
      root: true,
      links: origin !== undefined && trace.isSpanContextValid(origin) ? [{ context: origin }] : [],
      attributes: {
        'http.route': path,
        'network.protocol.name': 'websocket',
        'code.function.name': `${controller.name}.${method}`,
        ...(event !== undefined && { 'portal.event': event }),
      },
    };
    const span = this.start(`${event ?? 'message'} ${path}`, options, upgrade);
    if (span.isRecording()) span.setAttribute('portal.connection.id', connection.id);
    return span;
  }

  /** `status` is `undefined` where the client had left. */
  private answered(handshake: Handshake, path: string | undefined, status: number | undefined): void {
    const upgrade = this.upgrades.get(handshake);
    const span = upgrade && trace.getSpan(upgrade);
    if (upgrade === undefined || span === undefined) return;
    if (path !== undefined) {
      span.updateName(`${methodOf(handshake)} ${path}`);
      span.setAttribute('http.route', path);
    }
    if (status === undefined) span.setAttribute('error.type', 'client_left');
    else span.setAttribute('http.response.status_code', status);
    if (status !== undefined && status >= 500) {
      span.setAttribute('error.type', String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    // a connection need not keep the attributes of its span
    this.upgrades.set(handshake, trace.setSpan(upgrade, trace.wrapSpanContext(span.spanContext())));
  }
}

/** Reports an error of the tracer where OpenTelemetry itself reports. */
function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (thrown) {
    const told = (error: unknown): void => diag.error('portal-ws: a span failed', error);
    told(errorThrown(thrown, told));
    return undefined;
  }
}

/** Follows the semantic conventions for HTTP servers. Leaves the query out, since clients put tokens there. */
function requestAttributes(handshake: Handshake): Api.Attributes {
  const { headers, url, remoteAddress, httpVersion, secure } = handshake;
  const [path = ''] = url.split('?', 1);
  return {
    'http.request.method': methodOf(handshake),
    'url.path': path.slice(0, MOST),
    'url.scheme': secure ? 'https' : 'http',
    'client.address': remoteAddress,
    'network.protocol.name': 'http',
    'network.protocol.version': httpVersion === '2.0' ? '2' : httpVersion,
    ...(headers.host !== undefined && { 'server.address': headers.host.replace(/:\d+$/, '').slice(0, MOST) }),
    ...(headers['user-agent'] !== undefined && { 'user_agent.original': headers['user-agent'].slice(0, MOST) }),
  };
}

function methodOf({ httpVersion }: Handshake): string {
  return httpVersion === '2.0' ? 'CONNECT' : 'GET';
}

/** Ends a span. An error that blames the peer, as statuses below 500 do, is no failure of the server. `undefined`: there is no error. */
function endFailed(span: Api.Span, error: unknown): void {
  if (error !== undefined) {
    const isPeers = error instanceof PortalError && error.status < 500;
    span.setAttribute('error.type', error instanceof PortalError ? error.code : nameOf(error));
    if (!isPeers) {
      span.recordException(exceptionOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error && { message: error.message }) });
    }
  }
  span.end();
}

function exceptionOf(error: unknown): Api.Exception {
  return error instanceof Error ? error : inspect(error, { depth: 0 });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '_OTHER';
}
