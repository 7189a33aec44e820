import type { InjectionToken } from 'tsyringe';
import { BootError, type Constructor, type HandlerRecord, type ParameterBinding } from '../decorators';
import type { Connection } from '../connection';
import type { BodyLimits, Check, ValidationOptions } from '../validation';
import { eventBody, messageBody, type Body, type BodyType } from './body';
import type { HandlerDescription } from './description';
import type { ConnectionInstances } from './instances';
import { typeName, type ParameterDescription } from './parameter-source';
import type { Resolver } from './resolver';
import { checkAgainst, converterTo, type UrlCheck } from './url-values';

/** Reads the value of one parameter when the handler is called. @throws what the peer is answered */
export type Reader = (connection: Connection, body: unknown) => unknown;

/** The parameters of a handler, compiled. */
export interface BoundParameters {
  readonly readers: readonly Reader[];
  /** `undefined` for a handler without a body. */
  readonly body: BodyType | undefined;
  /** True where a reader may return a promise. */
  readonly mayWait: boolean;
  /** Must hold when the client connects. */
  readonly urlChecks: readonly UrlCheck[];
}

/** The same for all parameters of a controller. */
export interface Surroundings {
  readonly controller: Constructor;
  readonly resolver: Resolver;
  readonly validation: ValidationOptions;
  readonly limits: BodyLimits;
  /** `undefined` where one instance of the controller serves all connections. */
  readonly instances: ConnectionInstances | undefined;
}

export const readBody: Reader = (_connection, body) => body;
export const readConnection: Reader = (connection) => connection;
const readSignal: Reader = (connection) => connection.signal;
const readUser: Reader = (connection) => connection.user;

/** Compiles the parameters of a handler. @throws BootError for a body that nothing becomes, or a provider that cannot be made */
export function bindParameters(handler: HandlerDescription, surroundings: Surroundings): BoundParameters {
  return new Binder(handler.record, surroundings).bind(handler.parameters);
}

class Binder {
  private readonly urlChecks: UrlCheck[] = [];
  private body: BodyType | undefined;
  private mayWait = false;

  constructor(
    private readonly record: HandlerRecord,
    private readonly surroundings: Surroundings,
  ) {}

  bind(parameters: readonly ParameterDescription[]): BoundParameters {
    const readers = parameters.map((parameter) => this.readerOf(parameter));
    const { body, mayWait, urlChecks } = this;
    return { readers, body, mayWait, urlChecks };
  }

  private readerOf(parameter: ParameterDescription): Reader {
    const { source, place } = parameter;
    switch (source.from) {
      case 'connection':
        return readConnection;
      case 'signal':
        return readSignal;
      case 'user':
        return readUser;
      case 'body':
        return this.takeBody(source, parameter);
      case 'handshake':
        return this.fromHandshake(source, parameter.type);
      case 'container':
        return this.provided(place, source.token);
    }
  }

  private takeBody({ field, shape }: BodyBinding, { place, type, hasDefault }: ParameterDescription): Reader {
    const { validation, limits } = this.surroundings;
    const { kind, event } = this.record;
    const declare = event === undefined ? messageBody : eventBody;
    const body = kind === 'message' ? declare({ place, type, shape, field, validation, limits }) : ANY;
    const { check } = body;
    this.body = field === undefined ? body.type : (this.body ?? body.type);
    this.mayWait ||= body.mayWait;
    if (field !== undefined) return readField(field, check);
    if (check === undefined) return readBody;
    if (body.type !== 'value') return readMessage(check);
    if (body.isOptional !== true && !hasDefault) return (_connection, value) => check(value);
    return (_connection, value) => (value === undefined ? undefined : check(value));
  }

  private fromHandshake({ source, name }: HandshakeBinding, type: unknown): Reader {
    const read = source.readerOf(name);
    const check = checkAgainst(read, type, `${source.value} ${name}`);
    if (check === undefined) return read;
    this.urlChecks.push(check);
    const convert = converterTo(type)!;
    return (connection) => {
      const text = read(connection);
      return text === undefined ? undefined : convert(text);
    };
  }

  private provided(place: string, token: unknown): Reader {
    const { resolver, instances } = this.surroundings;
    if (!resolver.isScoped(token as InjectionToken)) {
      const value = resolver.resolve(token as InjectionToken, place);
      return () => value;
    }
    if (instances === undefined) {
      throw new BootError(
        `${place}: each connection has its own ${typeName(token)}, so its controller must be made for each connection ` +
          `too: @WebSocketPath('…', { scope: 'connection' }).`,
      );
    }
    resolver.scoped(token as InjectionToken);
    return (connection) => instances.resolve(connection, token);
  }
}

type BodyBinding = Extract<ParameterBinding, { from: 'body' }>;
type HandshakeBinding = Extract<ParameterBinding, { from: 'handshake' }>;

const ANY: Body = { type: 'any', check: undefined, mayWait: false };

/** An own property only: `constructor` and the like are nobody's data. */
function readField(field: string, check: Check | undefined): Reader {
  return (_connection, body) => {
    const has = typeof body === 'object' && body !== null && Object.hasOwn(body, field);
    const value = has ? (body as Record<string, unknown>)[field] : undefined;
    return value === undefined || check === undefined ? value : check(value);
  };
}

/** Checks the message as it is, or else as the codec decodes it. */
function readMessage(check: Check): Reader {
  return (connection, body) => {
    const decoded = (failure: unknown): unknown => {
      const { codec } = connection;
      if (codec?.binary !== (typeof body !== 'string')) throw failure;
      let value: unknown;
      try {
        value = codec.decode(body as string | Uint8Array);
      } catch {
        throw failure;
      }
      return check(value);
    };
    try {
      const checked = check(body);
      return checked instanceof Promise ? checked.then(undefined, decoded) : checked;
    } catch (failure) {
      return decoded(failure);
    }
  };
}
