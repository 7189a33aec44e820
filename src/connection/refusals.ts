import { STATUS_CODES } from 'node:http';
import { Refusal } from '../handshake';

/** Makes a refusal. One with 401 says how to authenticate (RFC 9110 15.5.2). */
export function refusalWith(status: number, body: string): Refusal {
  return new Refusal(status, body, status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});
}

/**
 * The refusal that a close means before the handshake is answered: the codes 4400 to 4499 stand for the statuses 400 to
 * 499, all others for 403. The reason is the body.
 */
export function refusalForClose(code = 4403, reason = ''): Refusal {
  const status = code >= 4400 && code < 4500 ? code - 4000 : 403;
  return refusalWith(status, reason === '' ? (STATUS_CODES[status] ?? 'Refused') : reason);
}
