import type { Observer } from '../engine';
import type { Logger } from './logger';

/** Writes what the engine reports to a log. */
export function logObserver(logger: Logger): Observer {
  return {
    handshakeRefused({ status, body }, { url, remoteAddress, headers: { origin } }) {
      const details = { status, url, remoteAddress, ...(origin !== undefined && { origin }) };
      if (status === 403 && origin !== undefined) {
        logger.warn(details, `${body} To allow it, list it: origins: [${JSON.stringify(origin)}]`);
      } else {
        logger.info(details, `handshake refused: ${body}`);
      }
    },
    violated({ id, path }, { name, closeCode, message }) {
      logger.info({ connection: id, path, violation: name, closeCode }, `the peer broke a rule: ${message}`);
    },
    failed(error, where, connection) {
      logger.error(
        { err: error, ...(connection && { connection: connection.id, path: connection.path }) },
        `${where} failed`,
      );
    },
  };
}
