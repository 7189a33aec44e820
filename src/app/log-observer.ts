import { CloseCode } from '../protocol';
import { systemClock } from '../messages';
import type { Connection, LimitName, Observer } from '../connection';
import { FOREIGN_ORIGIN, type Handshake } from '../handshake';
import type { Logger } from './logger';
import { Throttle } from './throttle';

/** The line of the log for each limit. */
const LIMITS: Record<LimitName, string> = {
  heartbeat: 'the peer was silent for too long',
  iterables: '64 iterables are being sent: no message is handled until one of them ends',
  closeTimeoutMs: 'the peer did not finish the closing handshake in time',
  maxBufferedBytes: 'the peer does not read what it is sent',
  maxTotalBufferedBytes: 'all connections together hold too much: one that holds most was cut',
  messagesPerSecond: 'the peer sends too many messages',
  bytesPerSecond: 'the peer sends too many bytes',
  'shutdown.deadlineMs': 'the connection was cut at the deadline of the shutdown',
};

/** Limits that a connection does not survive. */
const FATAL = new Set<LimitName>(['heartbeat', 'closeTimeoutMs', 'maxTotalBufferedBytes', 'shutdown.deadlineMs']);

/** Limits that an operator must know of: the peer may have done nothing wrong. */
const OPERATORS = new Set<string>(['iterables', 'maxConnections', 'maxTotalBufferedBytes', 'shutdown.deadlineMs']);

/** Limits for which the engine closes with 1008, and the peer answers with the same. */
const CLOSE_WITH_1008: LimitName[] = ['maxBufferedBytes', 'messagesPerSecond', 'bytesPerSecond'];

/** Close codes of a failure. */
const ABNORMAL = new Set<number>([
  CloseCode.ProtocolError,
  CloseCode.AbnormalClosure,
  CloseCode.InvalidPayload,
  CloseCode.PolicyViolation,
  CloseCode.MessageTooBig,
  CloseCode.MandatoryExtension,
  CloseCode.InternalError,
]);

/** The most lines a second of one kind: warnings of one limit, errors in one place, refusals with one status. */
const WARNINGS = 1;
const ERRORS = 10;
const REFUSALS = 100;

/** Characters that are written of a text that a client may make long. */
const MOST = 200;

/** Matches an origin that can stand in a line of the log as it is. */
const PLAIN_ORIGIN = /^[a-z\d+.-]+:\/\/[\w.:[\]-]{1,100}$/i;

/**
 * Writes the engine's reports to a log. Peers cannot fill the log: a connection has a line or two, however often it breaks a rule or makes a
 * handler fail, and lines that many connections can cause are written so many times a second at the most, and counted beyond that. Text of
 * peers stands in the details, shortened, and never in the message.
 */
export function logObserver(logger: Logger, now = (): number => systemClock.now()): Observer {
  const warnings = new Throttle(WARNINGS, now);
  const errors = new Throttle(ERRORS, now);
  const refusals = new Throttle(REFUSALS, now);
  /** The lines that each connection has in the log. */
  const told = new WeakMap<Connection, Set<string>>();

  /** False where the connection has that line already. */
  const tell = (connection: Connection, what: string): boolean => {
    let all = told.get(connection);
    if (all === undefined) told.set(connection, (all = new Set()));
    const isNew = !all.has(what);
    all.add(what);
    return isNew;
  };
  const wasTold = (connection: Connection, ...any: string[]): boolean => {
    const all = told.get(connection);
    return all !== undefined && any.some((what) => all.has(what));
  };

  /** Writes a warning, or after one of its kind in this second, a line of information. */
  const warnOrInform = (kind: string, details: object, message: string): void => {
    const omitted = warnings.take(kind);
    if (omitted === undefined) logger.info(details, message);
    else logger.warn({ ...details, ...(omitted > 0 && { omitted }) }, message);
  };

  return {
    handshakeRefused(refusal, handshake, path) {
      const { status, body, limit } = refusal;
      const omitted = refusals.take(String(status));
      if (omitted === undefined) return;
      const { origin } = handshake.headers;
      const details = {
        status,
        ...requestOf(handshake, path),
        ...(origin !== undefined && { origin: shortened(origin) }),
        ...(limit !== undefined && { limit }),
        ...(omitted > 0 && { omitted }),
      };
      const message = `handshake refused: ${body}`;
      if (refusal === FOREIGN_ORIGIN && origin !== undefined) {
        const hint = `${body} To allow it, list it: origins: [${JSON.stringify(origin)}]`;
        warnOrInform('origin', details, PLAIN_ORIGIN.test(origin) ? hint : message);
      } else if (limit !== undefined && OPERATORS.has(limit)) {
        warnOrInform(limit, details, message);
      } else {
        logger.info(details, message);
      }
    },

    abandoned(handshake, path, connection) {
      // the application cut it
      if (connection !== undefined && wasTold(connection, 'end')) return;
      const omitted = refusals.take('abandoned');
      if (omitted === undefined) return;
      const details = { ...requestOf(handshake, path), ...(omitted > 0 && { omitted }) };
      logger.info(details, 'the client left before its handshake was answered');
    },

    limited(connection, limit) {
      // who broke a rule, or does not read, may fail to close in time too: that is no second story
      const isSequel = limit === 'closeTimeoutMs' && wasTold(connection, 'maxBufferedBytes');
      if (wasTold(connection, 'end') || !tell(connection, limit)) return;
      if (FATAL.has(limit)) tell(connection, 'end');
      if (isSequel) return;
      const details = { ...peerOf(connection), limit };
      if (OPERATORS.has(limit)) warnOrInform(limit, details, LIMITS[limit]);
      else logger.info(details, LIMITS[limit]);
    },

    violated(connection, { name, closeCode, message, limit }) {
      if (!tell(connection, 'end')) return;
      const details = { ...peerOf(connection), violation: name, closeCode, ...(limit !== undefined && { limit }) };
      logger.info(details, `the peer broke a rule: ${message}`);
    },

    terminated(connection) {
      tell(connection, 'end');
    },

    backplaneDown(error) {
      logger.warn({ err: error }, 'the backplane cannot be reached: channels go on in this process alone');
    },

    backplaneGap({ since, ms, lost, unrecovered }) {
      const details = {
        since,
        ms: Math.round(ms),
        lost,
        ...(unrecovered.length > 0 && { unrecovered: unrecovered.length }),
      };
      logger.warn(details, 'the backplane is back: messages between processes may have been missed');
    },

    failed(error, where, connection) {
      const omitted = errors.take(where);
      if (omitted === undefined) return;
      if (connection !== undefined) tell(connection, 'failure');
      const details = { err: error, ...(connection && peerOf(connection)), ...(omitted > 0 && { omitted }) };
      logger.error(details, `${where} failed`);
    },

    closed(connection, { code, reason }) {
      if (!ABNORMAL.has(code) || wasTold(connection, 'end')) return;
      if (code === CloseCode.InternalError && wasTold(connection, 'failure')) return;
      if (code === CloseCode.PolicyViolation && wasTold(connection, ...CLOSE_WITH_1008)) return;
      const details = { ...peerOf(connection), code, ...(reason !== '' && { reason }) };
      logger.info(details, code === CloseCode.AbnormalClosure ? 'the peer went away' : `closed with ${code}`);
    },
  };
}

function peerOf({ id, path, handshake }: Connection): object {
  return { connection: id, path, remoteAddress: handshake.remoteAddress };
}

function requestOf({ url, remoteAddress }: Handshake, path: string | undefined): object {
  // clients put tokens into queries
  return { url: shortened(url.split('?', 1)[0]!), ...(path !== undefined && { path }), remoteAddress };
}

function shortened(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
