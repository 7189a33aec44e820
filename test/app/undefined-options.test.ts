import type { Acceptance, Compression, Limits, PortalErrorOptions, RefusalOptions, RequestOptions } from 'portal-ws';
import type { Codec, Endpoint, EngineOptions } from 'portal-ws/engine';
import { Engine } from '../../src/engine';
import { resolveCompression } from '../../src/connection/compression';
import { Heartbeat, type HeartbeatOptions } from '../../src/server/heartbeat';
import { resolveLimits } from '../../src/connection/limits';
import { prometheus, type PrometheusOptions } from 'portal-ws/metrics';
import type { NatsBackplaneOptions } from 'portal-ws/nats';
import { NatsBackplane } from 'portal-ws/nats';
import type { OpenTelemetryOptions } from 'portal-ws/opentelemetry';
import { RedisBackplane, type RedisBackplaneOptions } from 'portal-ws/redis';
import { createTestApp, type ConnectOptions, type TestOptions } from 'portal-ws/testing';
import { IsString } from 'class-validator';
import {
  Connection,
  Module,
  OnMessage,
  OnUpgrade,
  PortalError,
  refuse,
  WebSocketPath,
  type ModuleOptions,
  type Observer,
  type Place,
  type PortalOptions,
  type PresenceHandlers,
  type PublishOptions,
  type SendOptions,
  type SubscribeOptions,
  type TlsSettings,
  type WebSocketPathOptions,
} from 'portal-ws';

/** The optional properties that refuse `undefined` under `exactOptionalPropertyTypes`. */
type Refusing<Options> = {
  [Name in keyof Options]-?: object extends Pick<Options, Name>
    ? { [Each in Name]: undefined } extends Pick<Options, Name>
      ? never
      : Name
    : never;
}[keyof Options];

/** Compiles where there are none. */
const none = <Options>(..._refusing: [Refusing<Options>] extends [never] ? [] : [Refusing<Options>]): void => {};

test('every option may be undefined for the compiler', () => {
  none<PortalOptions>();
  none<NonNullable<PortalOptions['shutdown']>>();
  none<NonNullable<PortalOptions['validation']>>();
  none<EngineOptions>();
  none<NonNullable<EngineOptions['shutdown']>>();
  none<Endpoint>();
  none<Limits>();
  none<HeartbeatOptions>();
  none<Compression>();
  none<Place>();
  none<TlsSettings>();
  none<WebSocketPathOptions>();
  none<ModuleOptions>();
  none<PublishOptions>();
  none<PresenceHandlers>();
  none<RequestOptions>();
  none<SubscribeOptions>();
  none<SendOptions>();
  none<Acceptance>();
  none<RefusalOptions>();
  none<PortalErrorOptions>();
  none<Observer>();
  none<Codec>();
  none<TestOptions>();
  none<ConnectOptions>();
  none<RedisBackplaneOptions>();
  none<NatsBackplaneOptions>();
  none<PrometheusOptions>();
  none<OpenTelemetryOptions>();
});

test('the compiler would tell of one that may not', () => {
  // @ts-expect-error -- `a` may be absent, and not undefined
  none<{ a?: string; b?: string | undefined }>();
});

const NAMES = [
  ['maxMessageBytes', 'slowConsumer', 'handshakeTimeoutMs', 'maxConnections', 'maxTotalBufferedBytes'],
  ['threshold', 'serverContextTakeover', 'clientMaxWindowBits'],
] as const;
const allUndefined = (names: readonly string[]): Record<string, undefined> =>
  Object.fromEntries(names.map((name) => [name, undefined]));

describe('undefined means what absent means', () => {
  test('for limits, over those of the application too', () => {
    expect(resolveLimits(allUndefined(NAMES[0]))).toEqual(resolveLimits());
    const application = resolveLimits({ maxMessageBytes: 5 });
    expect(resolveLimits({ maxMessageBytes: undefined }, application)).toEqual(application);
    expect(() => resolveLimits({ maxBytes: undefined } as Limits)).toThrow('limits.maxBytes is no limit');
  });

  test('for compression, over that of the application too', () => {
    expect(resolveCompression(allUndefined(NAMES[1]))).toEqual(resolveCompression({}));
    const application = resolveCompression({ threshold: 7 });
    expect(resolveCompression({ threshold: undefined }, application)).toEqual(application);
  });

  test('for the heartbeat', () => {
    const clock = { now: () => 0, after: () => ({ cancel() {} }) };
    expect(() => new Heartbeat(clock, () => [], { intervalMs: undefined, timeoutMs: undefined })).not.toThrow();
  });

  test('for backplanes and metrics', () => {
    expect(() => new RedisBackplane({ url: undefined, cluster: undefined, prefix: undefined })).not.toThrow();
    const servers = { servers: undefined, prefix: undefined, replicas: undefined, connection: undefined };
    expect(() => new NatsBackplane(servers)).not.toThrow();
    expect(() => prometheus({ register: undefined, prefix: undefined, buckets: undefined })).not.toThrow();
  });

  test('for refusals and errors', () => {
    expect(refuse(403, { headers: undefined, body: undefined })).toEqual(refuse(403));
    const { status, details } = new PortalError('forbidden', undefined, { status: undefined, details: undefined });
    expect([status, details]).toEqual([403, undefined]);
  });

  test('for a place to listen', async () => {
    const engine = new Engine({
      port: 0,
      host: undefined,
      socketPath: undefined,
      reusePort: undefined,
      tls: undefined,
    });
    await engine.listen({ port: 0, host: '127.0.0.1', tls: undefined, http2: undefined, proxyProtocol: undefined });
    expect(engine.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    await engine.close();
  });

  test('for all that an application, a module and a path may set', async () => {
    class Words {
      @IsString()
      text!: string;
    }

    @WebSocketPath('/echo', {
      scope: undefined,
      codec: undefined,
      protocols: undefined,
      origins: undefined,
      limits: undefined,
      compression: undefined,
      concurrency: undefined,
    })
    class EchoController {
      @OnUpgrade()
      enter() {
        return { protocol: undefined, headers: undefined };
      }

      @OnMessage('echo')
      async echo({ text }: Words, connection: Connection) {
        await connection.request('sure?', text, { timeoutMs: undefined, signal: undefined });
        await connection.subscribe('words', { data: undefined, since: undefined });
        return text;
      }
    }

    @Module({ imports: undefined, controllers: [EchoController], providers: undefined })
    class AppModule {}

    const app = await createTestApp(AppModule, {
      name: undefined,
      port: undefined,
      host: undefined,
      socketPath: undefined,
      reusePort: undefined,
      tls: undefined,
      http2: undefined,
      trustedProxies: undefined,
      proxyProtocol: undefined,
      origins: undefined,
      limits: { maxMessageBytes: undefined },
      compression: { threshold: undefined },
      request: undefined,
      guards: undefined,
      interceptors: undefined,
      filters: undefined,
      validation: { whitelist: undefined, forbidNonWhitelisted: undefined },
      heartbeat: { intervalMs: undefined, timeoutMs: undefined },
      health: undefined,
      shutdown: { deadlineMs: undefined, signals: undefined },
      backplane: undefined,
      history: undefined,
      logger: undefined,
      observers: [{ opened: undefined }],
      override: undefined,
    });
    const client = await app.connect('/echo', { headers: undefined, protocols: undefined });
    const answer = client.request('echo', { text: 'hi' });
    client.respond(await client.receiveEvent('sure?'));
    expect(await answer).toBe('hi');
    await expect(client.request('echo', { text: 'hi', more: 1 })).rejects.toMatchObject({ code: 'validation_failed' });
    await app.close();
  });
});
