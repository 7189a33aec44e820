import { STATUS_CODES } from 'node:http';
import { Refusal } from '../handshake';

/** RFC 9110 15.5.2: a 401 says how to authenticate. */
export function refusalWith(status: number, body: string): Refusal {
  return new Refusal(status, body, status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});
}

/**
 * What a close means before the handshake is answered: the codes from 4400 to 4499 say which HTTP status, as 4401 says 401. All others
 * are 403. The reason is the body.
 */
export function refusalForClose(code = 4403, reason = ''): Refusal {
  const status = code >= 4400 && code < 4500 ? code - 4000 : 403;
  return refusalWith(status, reason === '' ? (STATUS_CODES[status] ?? 'Refused') : reason);
}
