import type { Duplex } from 'node:stream';
import type { Agreement, AnswerHeaders, Handshake, Offer, Refusal } from '../../handshake';

/** A request for a WebSocket, over HTTP/1.1 or HTTP/2. */
export interface UpgradeAttempt {
  readonly handshake: Handshake;
  /** The stream of the future connection. */
  readonly stream: Duplex;
  /** The refusal of a request whose proxies contradict each other. */
  readonly refusal: Refusal | undefined;
  /** Bytes that came behind the handshake in the same packet. */
  readonly head: Buffer;
  /** The client's offer, or the refusal of a malformed handshake. */
  judge(): Offer | Refusal;
  /** @throws TypeError for a header that may not be sent */
  accept(agreement: Agreement, headers: AnswerHeaders | undefined): void;
  refuse(refusal: Refusal): void;
}
