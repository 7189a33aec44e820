import {
  ConnectionClosedError,
  decodeEnvelope,
  isServerId,
  JsonCodec,
  MessagePackCodec,
  PortalError,
  SERVER_ID,
  settle,
  type Codec,
  type Deadlines,
  type PendingRequest,
} from '../messages';
import type { Message } from './message';

const DEFAULT_TIMEOUT_MS = 10_000;

const NO_BYTES = Buffer.alloc(0);

/** JSON that is no object: what follows white space is something else. */
const NO_OBJECT = /^[ \t\r\n]*[^ \t\r\n{]/;
/** So much white space is enough. */
const MAX_BEGINNING = 256;

export interface RequestOptions {
  /** Milliseconds until the request fails with `timeout`. Default 10,000. */
  timeoutMs?: number | undefined;
  /** Gives the request up, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Our requests to one peer, and its answers to them. */
export class Requests {
  private readonly pending = new Map<string, PendingRequest>();
  /** Requests that were given up: their answers may still come, and mean nothing. */
  private abandoned = 0;
  private count = 0;

  constructor(
    private readonly codec: Codec,
    private readonly deadlines: Deadlines,
    private readonly send: (message: string | Uint8Array) => void,
    /** The number of requests that wait fell to zero. */
    private readonly onSettled: () => void,
  ) {}

  /** Whether somebody waits for an answer. */
  get awaiting(): boolean {
    return this.pending.size > 0;
  }

  /** @throws what the codec throws for the data; RangeError for a time-out that is none */
  request(event: string, data: unknown, { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions): Promise<unknown> {
    if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be a number from 0 up, not ${timeoutMs}`);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const id = `${SERVER_ID}${++this.count}`;
    const message = this.codec.encode({ event, data, id });
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown): void => {
        this.abandoned++;
        entry.reject(reason);
      };
      const onAbort = (): void => giveUp(signal!.reason);
      const cancel = this.deadlines.set(timeoutMs, () =>
        giveUp(new PortalError('timeout', `The peer did not answer ${event} within ${timeoutMs} ms.`)),
      );
      const finish = (): void => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
        this.pending.delete(id);
        if (!this.awaiting) this.onSettled();
      };
      const entry: PendingRequest = {
        resolve(answer) {
          finish();
          resolve(answer);
        },
        reject(reason) {
          finish();
          reject(reason);
        },
      };
      this.pending.set(id, entry);
      signal?.addEventListener('abort', onAbort);
      this.send(message);
    });
  }

  /**
   * Whether a message of a kind may answer one of them, in time or too late; `beginning`: what has come of it. Of a client that never
   * answers that is said for good.
   */
  expects(binary: boolean, beginning: Buffer = NO_BYTES): boolean {
    if (this.pending.size + this.abandoned === 0 || binary !== this.codec.binary) return false;
    return mayBeObject(this.codec, beginning);
  }

  /** Takes a message that answers one of our requests. Undefined: it is something else. */
  take(message: Message): 'awaited' | 'late' | undefined {
    if (this.pending.size + this.abandoned === 0) return undefined;
    if ((typeof message === 'string') === this.codec.binary) return undefined;
    if (typeof message !== 'string' && !Buffer.isBuffer(message)) return undefined;
    if (!this.mayAnswer(message)) return undefined;
    const envelope = decodeEnvelope(this.codec, message);
    if (envelope === undefined || !isServerId(envelope.id)) return undefined;
    const pending = this.pending.get(envelope.id);
    if (pending === undefined) {
      if (this.abandoned > 0) this.abandoned--;
      return 'late';
    }
    settle(pending, envelope);
    return 'awaited';
  }

  /** False where the id of an answer is surely not in a message. It is read twice otherwise, and often for nothing. */
  private mayAnswer(message: string | Buffer): boolean {
    switch (this.codec.constructor) {
      case JsonCodec:
        return message.includes(`"${SERVER_ID}`) || message.includes('\\');
      case MessagePackCodec:
        return message.includes(SERVER_ID);
      default:
        return true;
    }
  }

  /** No answer can come any more. */
  close(): void {
    for (const pending of [...this.pending.values()]) pending.reject(new ConnectionClosedError());
  }
}

/** What of a codec of a user's own begins an envelope nobody knows. */
function mayBeObject({ constructor }: Codec, beginning: Buffer): boolean {
  const [first] = beginning;
  if (first === undefined) return true;
  if (constructor === JsonCodec) return !NO_OBJECT.test(beginning.toString('latin1', 0, MAX_BEGINNING));
  return constructor !== MessagePackCodec || first >> 4 === 8 || first === 0xde || first === 0xdf;
}
