import { allOf, NO_CHANNELS, resolveLimits, Routes } from '../connection';
import { Deadlines, systemClock, type Clock } from '../messages';
import type { Answers } from './answers';
import { Attachments } from './attach/attachments';
import { Budget } from './budget';
import { Connections } from './connections';
import { Drivers } from './drivers';
import type { EngineOptions } from './engine-options';
import { Heartbeat } from './heartbeat';
import { Listener } from './listener';
import { limitsOfMachine } from './machine';
import { PortlessServer } from './portless-server';
import { OwnServer, type ServerSettings } from './servers';
import { Tls } from './tls';
import { Admission } from './upgrade/admission';
import { ClientAddresses } from './upgrade/client-addresses';
import { Http1Upgrade } from './upgrade/http1-upgrade';
import { Http2Connect } from './upgrade/http2-connect';
import { PlainRequests } from './upgrade/plain-requests';
import { Upgrader } from './upgrade/upgrader';

/** The parts of an engine. */
export interface EngineParts {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly connections: Connections;
  readonly heartbeat: Heartbeat | undefined;
  readonly routes: Routes;
  readonly drivers: Drivers;
  readonly upgrader: Upgrader;
  readonly http1: Http1Upgrade;
  readonly answers: Answers;
  readonly tls: Tls | undefined;
  readonly listener: Listener<ServerSettings>;
  readonly attachments: Attachments;
  readonly portless: PortlessServer;
}

/**
 * Puts an engine together.
 * @throws TypeError for a wrong option
 * @throws RangeError for a number out of range
 */
export function createEngine(options: EngineOptions): EngineParts {
  const limits = resolveLimits(options.limits, limitsOfMachine());
  const { clock = systemClock, subscriptions = NO_CHANNELS } = options;
  const deadlines = new Deadlines(clock);
  const observer = allOf([options.observer ?? {}]);
  const failedAt = (what: string) => (error: unknown) => observer.failed?.(error, what);
  const routes = new Routes(limits, options.origins, options.compression, (error, what) =>
    observer.failed?.(error, what),
  );

  const connections = new Connections();
  const drivenBy = () => connections.drivers();
  const heartbeat = options.heartbeat === false ? undefined : new Heartbeat(clock, drivenBy, options.heartbeat);
  const budget = new Budget(limits.maxTotalBufferedBytes, drivenBy);
  const admission = new Admission({ limits });
  const drivers = new Drivers({ connections, admission, heartbeat, budget, clock, deadlines, observer, subscriptions });

  const upgrader = new Upgrader({ routes, limits, deadlines, observer, admission, options, drivers });
  const addresses = new ClientAddresses(options.trustedProxies);
  const plain = new PlainRequests(upgrader, {
    listener: options.request,
    ready:
      options.health === true
        ? (): boolean => upgrader.admits && (listener.listening || attachments.size > 0)
        : undefined,
    failed: failedAt('the request listener'),
  });
  const http1 = new Http1Upgrade({ upgrader, addresses, limits, deadlines, plain });
  const http2 = new Http2Connect({ upgrader, addresses, limits, deadlines, plain });

  const tls = options.tls && new Tls(options.tls, failedAt('tls.SNICallback'));
  const serverContext = { limits, deadlines, addresses, http1, http2 };
  const createServer = (settings: ServerSettings) => new OwnServer(serverContext, settings);
  const listener = new Listener(createServer, failedAt('taking a connection'));
  const portless = new PortlessServer(createServer);
  const attachments = new Attachments({ upgrader, http1, http2, deadlines, limits });

  const { answers } = plain;
  return {
    clock,
    deadlines,
    connections,
    heartbeat,
    routes,
    drivers,
    upgrader,
    http1,
    answers,
    tls,
    listener,
    attachments,
    portless,
  };
}
