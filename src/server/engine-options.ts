import type { HeartbeatOptions } from './heartbeat';
import type { Place } from './places';
import { REPORTS } from '../connection';
import {
  callable,
  flag,
  judgedElsewhere,
  methods,
  must,
  nearest,
  object,
  oneOf,
  options,
  text,
  unknownName,
  wholeNumber,
  type OptionTable,
  type Rule,
} from '../connection';
import type { TlsSettings } from './tls';
import type { Clock } from '../messages';
import { OF_PATHS } from '../connection';
import type { RequestListener } from 'http';
import type { Origins } from '../handshake';
import type { Handshake } from '../handshake';
import type { Compression } from '../connection';
import type { Limits } from '../connection';
import type { Observer } from '../connection';
import type { Subscriptions } from '../connection';

export interface EngineOptions {
  /** Default 5005, unless there is a `socketPath`; 0 takes a free one. */
  port?: number | undefined;
  /** Default `localhost`: 127.0.0.1 and ::1, where the machine has both. */
  host?: string | undefined;
  /** Listens on a Unix socket; on a port too where `port` is given. */
  socketPath?: string | undefined;
  /** Lets other processes that set it too listen on the same port (Node 22.12 or 23.1, Linux). Default false. */
  reusePort?: boolean | undefined;
  /** Key, certificate and other options of `node:tls`; then the scheme is `wss`. Default: not encrypted. */
  tls?: TlsSettings | undefined;
  /** WebSocket over HTTP/2 (RFC 8441) on the same port. Default: with TLS. */
  http2?: boolean | undefined;
  /** Addresses and CIDR ranges of proxies whose `Forwarded` or `X-Forwarded-For` is believed. Default: none. */
  trustedProxies?: string[] | undefined;
  /** Each connection begins with a header of the PROXY protocol, version 1 or 2. Default false. */
  proxyProtocol?: boolean | undefined;
  /** Pages that may connect. Default: pages of the same host, on any port. */
  origins?: Origins<Handshake> | undefined;
  limits?: Limits | undefined;
  /** permessage-deflate (RFC 7692). Default: off. */
  compression?: boolean | Compression | undefined;
  /** Serves plain HTTP requests to all paths without a WebSocket. Default: 404. */
  request?: RequestListener | undefined;
  /** Pings all connections, and terminates silent ones. Default: every 25 s, with 20 s for an answer. */
  heartbeat?: false | HeartbeatOptions | undefined;
  /** Answers `/healthz` with 200, and `/readyz` with 200 while the server takes connections, else 503. Default false. */
  health?: boolean | undefined;
  /** `deadlineMs`: milliseconds for all connections to close; then they are terminated. Default 30,000. */
  shutdown?: { deadlineMs?: number | undefined } | undefined;
  observer?: Observer | undefined;
  /** The channels of `connection.subscribe` and `publish`. Default: none. */
  subscriptions?: Subscriptions | undefined;
  clock?: Clock | undefined;
}

/** The longest timer of Node. */
const MAX_MS = 2 ** 31 - 1;

const AT_ANY_PLACE = {
  port: wholeNumber(0, 65_535),
  host: text,
  socketPath: text,
  reusePort: flag,
  http2: flag,
  proxyProtocol: flag,
};

/** The options of `listen`. */
export const PLACE: OptionTable<Place> = {
  ...AT_ANY_PLACE,
  tls: oneOf(
    [false],
    must('false, or left out: the application says how it is encrypted', () => false),
  ),
};

export const SHUTDOWN = { deadlineMs: wholeNumber(0, MAX_MS, 'milliseconds') };

const HEARTBEAT: OptionTable<HeartbeatOptions> = { intervalMs: judgedElsewhere, timeoutMs: judgedElsewhere };

const NODES_TLS = [
  'allowPartialTrustChain',
  'ca',
  'cert',
  'ciphers',
  'clientCertEngine',
  'crl',
  'dhparam',
  'ecdhCurve',
  'enableTrace',
  'highWaterMark',
  'honorCipherOrder',
  'keepAlive',
  'keepAliveInitialDelay',
  'key',
  'maxVersion',
  'minVersion',
  'noDelay',
  'passphrase',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'pskIdentityHint',
  'rejectUnauthorized',
  'requestCert',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'servernames',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
  'SNICallback',
  'ticketKeys',
] as const satisfies (keyof TlsSettings)[];

const OUR_TLS = new Set(['ALPNProtocols', 'ALPNCallback', 'handshakeTimeout', 'allowHalfOpen', 'pauseOnConnect']);

/** Later versions of Node may have more options, so an unknown name is an error only where it resembles a known one. */
const tls: Rule = (value, place) => {
  object(value, place);
  for (const name of Object.keys(value as object)) {
    if (OUR_TLS.has(name)) throw new TypeError(`${place}.${name} is Portal's to say, not an option`);
    if ((NODES_TLS as readonly string[]).includes(name)) continue;
    const meant = nearest(name, NODES_TLS);
    if (meant !== undefined)
      throw new TypeError(`there is no option ${JSON.stringify(name)} in ${place}. Did you mean ${meant}?`);
  }
};

/**
 * Refuses observers with a misspelt report, which would never be called. An instance of a class may have other methods; an
 * object literal may not.
 */
export const observer: Rule = (value, place) => {
  object(value, place);
  const observing = value as Record<string, unknown>;
  const reports = Object.keys(REPORTS).filter((report) => observing[report] !== undefined);
  for (const report of reports) callable(observing[report], `${place}.${report}`);
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (reports.length === 0)
      must(`an observer, with one of ${Object.keys(REPORTS).join(', ')}`, () => false)(value, place);
    return;
  }
  const stray = Object.keys(observing).find(
    (name) => typeof observing[name] === 'function' && !Object.hasOwn(REPORTS, name),
  );
  if (stray !== undefined) throw new TypeError(unknownName(stray, REPORTS, place));
};

/** The engine's options that applications may set. */
export const OF_APPLICATIONS: OptionTable<Omit<EngineOptions, 'observer' | 'subscriptions'>> = {
  ...AT_ANY_PLACE,
  ...OF_PATHS,
  tls,
  trustedProxies: judgedElsewhere,
  request: callable,
  heartbeat: oneOf([false], options(HEARTBEAT)),
  health: flag,
  shutdown: options<NonNullable<EngineOptions['shutdown']>>(SHUTDOWN),
  clock: methods(['now', 'after'], 'that of a test'),
};

export const ENGINE_OPTIONS: OptionTable<EngineOptions> = { ...OF_APPLICATIONS, observer, subscriptions: object };
