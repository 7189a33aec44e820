import { STATUS_CODES } from 'node:http';
import type { AnswerHeaders } from './response';

/** Why an upgrade request gets no connection: the HTTP response that it gets instead. */
export class Refusal {
  constructor(
    /** HTTP status, 300 to 599. */
    readonly status: number,
    /** Sent as `text/plain` unless `headers` say otherwise. */
    readonly body: string,
    readonly headers: AnswerHeaders = {},
    /** The limit that the client is beyond, where that is why; for reports, and not part of the answer. */
    readonly limit?: string,
  ) {}
}

/**
 * Refuses an upgrade: returned or thrown where the upgrade is judged.
 * @param status HTTP status, 300 to 599
 * @throws RangeError for another status
 */
export function refuse(status: number, options: { headers?: AnswerHeaders; body?: string } = {}): Refusal {
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`an upgrade is refused with a status from 300 to 599, not ${status}`);
  }
  return new Refusal(status, options.body ?? STATUS_CODES[status] ?? 'Refused', options.headers);
}
