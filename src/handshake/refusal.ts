import { STATUS_CODES } from 'node:http';
import type { AnswerHeaders } from './answer-headers';

/** The HTTP answer to an upgrade request that gets no connection. */
export class Refusal {
  constructor(
    /** HTTP status, 300 to 599. */
    readonly status: number,
    /** Sent as `text/plain` unless `headers` have another `Content-Type`. */
    readonly body: string,
    readonly headers: AnswerHeaders = {},
    /** The limit that the client exceeds, such as `maxConnections`. Observers see it; the answer does not have it. */
    readonly limit?: string,
  ) {}
}

export interface RefusalOptions {
  /** Further headers of the answer. An array is sent as several lines: `{ 'Set-Cookie': ['a=1', 'b=2'] }`. */
  headers?: AnswerHeaders | undefined;
  /** Default: the reason phrase of the status. */
  body?: string | undefined;
}

/**
 * Creates the refusal of an upgrade, for an upgrade hook to return or throw.
 * @param status HTTP status, 300 to 599
 * @throws RangeError for another status
 */
export function refuse(status: number, options: RefusalOptions = {}): Refusal {
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`an upgrade is refused with a status from 300 to 599, not ${status}`);
  }
  return new Refusal(status, options.body ?? STATUS_CODES[status] ?? 'Refused', options.headers);
}
