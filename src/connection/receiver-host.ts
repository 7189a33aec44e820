import type { MessageReceiver } from '../protocol';
import type { ConnectionCore } from './connection-core';
import type { Requests } from './requests';

/** Dependencies of Receiver. */
export interface ReceiverHost
  extends ConnectionCore, Pick<MessageReceiver, 'onPing' | 'onPong' | 'onClose' | 'onViolation'> {
  /** `open`; `closing` when we have sent our Close frame and wait for the peer's; `deaf` when nothing counts any more. */
  readonly hearing: 'open' | 'closing' | 'deaf';
  /** Undefined before the first request. */
  readonly requests: Requests | undefined;
}
