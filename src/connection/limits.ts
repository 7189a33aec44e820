import { inspect } from 'node:util';
import { given } from './given';

/**
 * Limits of one connection, or of the application. A limit is a whole number from 1 up, in the unit of its name. `undefined`
 * means the default, or on a path the limit of the application. `'none'` lifts the limit, on a path also one that the
 * application sets for each connection.
 */
export interface Limits {
  /** Longest message in bytes, all fragments together; beyond it 1009. Per path. Default 1 MiB. */
  maxMessageBytes?: number | undefined;
  /** Longest message in bytes for a handler that takes a `MessageStream`; beyond it 1009. Per path. Default: none. */
  maxStreamBytes?: number | 'none' | undefined;
  /** Longest run of empty fragments inside a message; beyond it 1008. Per path. Default 128. */
  maxEmptyFragments?: number | undefined;
  /** Time for the whole opening handshake in milliseconds; beyond it 408. Default 10 s. */
  handshakeTimeoutMs?: number | undefined;
  /** Size of the request line and headers in bytes; beyond it 431. Default 16 KiB. */
  maxHeaderBytes?: number | undefined;
  /** Time for the closing handshake in milliseconds; beyond it the connection is terminated. Per path. Default 5 s. */
  closeTimeoutMs?: number | undefined;
  /** Bytes waiting for the peer above which `send` returns false. Per path. Default 64 KiB. */
  highWaterMarkBytes?: number | undefined;
  /**
   * Bytes that may wait for a peer that does not read; beyond it `slowConsumer` decides. Two messages at a time that
   * are larger than half of the limit do not count, nor do messages behind one in fragments while the peer reads. Per
   * path. Default 1 MiB.
   */
  maxBufferedBytes?: number | undefined;
  /** Policy for a peer that stops reading: `close` (1008), or `drop` the message. Per path. Default `close`. */
  slowConsumer?: 'close' | 'drop' | undefined;
  /**
   * Messages that may wait for their handler; beyond it the socket is not read. More may wait while a handler awaits an
   * answer. Per path. Default 64.
   */
  maxQueuedMessages?: number | undefined;
  /**
   * Properties and items, on all levels, of a body that a schema checks or that only class-transformer can make, and
   * keys of maps in a body for a class; beyond it the error `validation_failed`. Per path. Default 10,000.
   */
  maxKeys?: number | undefined;
  /**
   * Depth of nested objects and arrays in a body that a class or a schema checks; beyond it `validation_failed`. Per
   * path. Default 32.
   */
  maxDepth?: number | undefined;
  /**
   * All connections, with pending upgrades; beyond it 503. Per path, beside the limit for all paths. Default for the
   * application: the number of files that the process may open, less some for other uses.
   */
  maxConnections?: number | 'none' | undefined;
  /** Connections of one address (of one /64 network for IPv6); beyond it 429. Per path. Default: none. */
  maxConnectionsPerAddress?: number | 'none' | undefined;
  /**
   * Messages per second of one connection; beyond it the error `rate_limited` for an event, 1008 for other messages.
   * Per path. Default: none.
   */
  messagesPerSecond?: number | 'none' | undefined;
  /** Bytes of messages per second of one connection; beyond it as `messagesPerSecond`. Per path. Default: none. */
  bytesPerSecond?: number | 'none' | undefined;
  /**
   * Bytes that all connections of the application may hold together: parts of messages, messages that wait, and bytes
   * that peers have not read. Beyond it the connections that hold most are terminated. Not per path. Default: a quarter
   * of the memory that the process may use.
   */
  maxTotalBufferedBytes?: number | 'none' | undefined;
}

/** Limits of the application as a whole, which a path cannot have for itself. */
const OF_APPLICATION = ['handshakeTimeoutMs', 'maxHeaderBytes', 'maxTotalBufferedBytes'] as const;

/** The limits that a path may set for itself. */
export type PathLimits = Omit<Limits, (typeof OF_APPLICATION)[number]>;

export type ResolvedLimits = { readonly [Name in keyof Limits]-?: Exclude<Limits[Name], undefined | 'none'> };

/** The value of a limit that is not set: no connection reaches it. */
export const NONE = Number.MAX_SAFE_INTEGER;

export const DEFAULT_LIMITS: ResolvedLimits = {
  maxMessageBytes: 1024 * 1024,
  maxStreamBytes: NONE,
  maxEmptyFragments: 128,
  handshakeTimeoutMs: 10_000,
  maxHeaderBytes: 16 * 1024,
  closeTimeoutMs: 5_000,
  highWaterMarkBytes: 64 * 1024,
  maxBufferedBytes: 1024 * 1024,
  slowConsumer: 'close',
  maxQueuedMessages: 64,
  maxKeys: 10_000,
  maxDepth: 32,
  maxConnections: NONE,
  maxConnectionsPerAddress: NONE,
  messagesPerSecond: NONE,
  bytesPerSecond: NONE,
  maxTotalBufferedBytes: NONE,
};

/** Largest useful values: a string of Node holds 2^29 bytes of text, a timer 2^31 - 1 milliseconds. */
const MAX_BYTES = 2 ** 29 - 24;
const MAX_MS = 2 ** 31 - 1;
/** Largest depth: the checks of bodies call themselves for each level. */
const MAX_DEPTH = 1000;

/** Limits whose default is none. */
const UNBOUNDED = new Set(Object.entries(DEFAULT_LIMITS).flatMap(([name, value]) => (value === NONE ? [name] : [])));

/**
 * Merges `limits` over `base`.
 * @throws TypeError for a name that is no limit
 * @throws RangeError for a value out of range
 */
export function resolveLimits(limits: Limits = {}, base: ResolvedLimits = DEFAULT_LIMITS): ResolvedLimits {
  for (const [name, value] of Object.entries(limits) as [keyof Limits, unknown][]) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new TypeError(`limits.${name} is no limit; there are ${Object.keys(DEFAULT_LIMITS).join(', ')}`);
    }
    if (value === undefined) continue;
    if (name === 'slowConsumer') {
      if (value !== 'close' && value !== 'drop') throw new RangeError(`limits.slowConsumer must be 'close' or 'drop'`);
      continue;
    }
    const max = largest(name);
    if (value === 'none' && UNBOUNDED.has(name)) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
      const orNone = UNBOUNDED.has(name) ? ", or 'none'" : '';
      throw new RangeError(`limits.${name} must be a whole number from 1 to ${max}${orNone}, not ${inspect(value)}`);
    }
  }
  const set = Object.entries(given(limits)).map(([name, value]) => [name, value === 'none' ? NONE : value]);
  return { ...base, ...(Object.fromEntries(set) as Partial<ResolvedLimits>) };
}

/** The limits of a path over those of its application. @throws as `resolveLimits`; TypeError for a limit that no path has */
export function resolvePathLimits(limits: PathLimits | undefined, application: ResolvedLimits): ResolvedLimits {
  for (const name of OF_APPLICATION) {
    if ((limits as Limits | undefined)?.[name] === undefined) continue;
    throw new TypeError(
      `limits.${name} holds for the whole application, not for a path: set it in the application's options`,
    );
  }
  return resolveLimits(limits, application);
}

function largest(name: string): number {
  if (UNBOUNDED.has(name)) return NONE;
  if (name === 'maxDepth') return MAX_DEPTH;
  return name.endsWith('Ms') ? MAX_MS : MAX_BYTES;
}

/**
 * The limit because of which the engine ended a connection, or dropped or refused a message. `heartbeat`: the peer was
 * silent. `iterables`: handlers returned more iterables than are sent at once, and no message is handled until one of
 * them ends.
 */
export type LimitName =
  | 'heartbeat'
  | 'iterables'
  | 'closeTimeoutMs'
  | 'maxBufferedBytes'
  | 'maxTotalBufferedBytes'
  | 'messagesPerSecond'
  | 'bytesPerSecond'
  | 'shutdown.deadlineMs';
