import { isToken } from '../handshake/tokens';
import type { Endpoint } from './endpoint';
import type { EngineOptions } from './engine';
import type { HeartbeatOptions } from './heartbeat';
import type { Place } from './listener';
import { REPORTS } from './observers';
import {
  callable,
  flag,
  judgedElsewhere,
  listOf,
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
} from './option-table';
import type { TlsSettings } from './tls';

/** As long as a timer of Node runs. */
const MAX_MS = 2 ** 31 - 1;

const origin = must(
  "an origin such as 'https://app.example.com', or a RegExp",
  (value) => typeof value === 'string' || value instanceof RegExp,
);

/** Which of the listed strings are origins, `originRule` says. */
const origins: Rule = oneOf(['*'], (value, place) => {
  if (Array.isArray(value)) listOf(origin)(value, place);
  else must("'*', a list such as ['https://app.example.com'], or a function", isFunction)(value, place);
});

const AT_ANY_PLACE = {
  port: wholeNumber(0, 65_535),
  host: text,
  socketPath: text,
  reusePort: flag,
  http2: flag,
  proxyProtocol: flag,
};

/** What `listen` takes. */
export const PLACE: OptionTable<Place> = {
  ...AT_ANY_PLACE,
  tls: oneOf(
    [false],
    must('false, or left out: the application says how it is encrypted', () => false),
  ),
};

/** What the application sets for all paths, and a path for itself. */
const OF_PATHS = {
  origins,
  limits: object,
  compression: oneOf([true, false], must('true, false or an object such as { threshold: 1024 }', isObject)),
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

/** Node may come to know more than is listed here, so only what looks like a slip of the pen is one. */
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
 * A report that is misspelt is never heard. An instance of a class may have methods of its own beside reports; an object that
 * is written for nothing else may not.
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
  const stray = Object.keys(observing).find((name) => isFunction(observing[name]) && !Object.hasOwn(REPORTS, name));
  if (stray !== undefined) throw new TypeError(unknownName(stray, REPORTS, place));
};

/** What of the engine every application may set. */
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

const protocol = must('a subprotocol: letters, digits and what else a token of HTTP has', (value) => {
  return typeof value === 'string' && isToken(value);
});

/** What a path may say of itself. */
export const PATH_OPTIONS = {
  ...OF_PATHS,
  protocols: listOf(protocol),
  concurrency: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'messages'),
  codec: judgedElsewhere,
};

/** `scope`: of the controller that it was compiled from; nothing to the engine. */
export const ENDPOINT: OptionTable<Endpoint & { scope?: unknown }> = {
  scope: judgedElsewhere,
  ...PATH_OPTIONS,
  path: judgedElsewhere,
  name: text,
  upgrade: callable,
  open: callable,
  text: callable,
  binary: callable,
  textStream: callable,
  binaryStream: callable,
  tooFast: callable,
  subscribe: callable,
  ping: callable,
  pong: callable,
  drain: callable,
  close: callable,
  release: callable,
};

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
