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

/** Matches the beginning of JSON that is no object. */
const NO_OBJECT = /^[ \t\r\n]*[^ \t\r\n{]/;
/** Bytes of a beginning that are looked at. */
const MAX_BEGINNING = 256;

export interface RequestOptions {
  /** Milliseconds until the request fails with `timeout`. Default 10,000. */
  timeoutMs?: number | undefined;
  /** Gives up the request, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Our requests to one peer, and its answers to them. */
export class Requests {
  private readonly pending = new Map<string, PendingRequest>();
  /** Number of requests that were given up. Their answers may still come, and mean nothing. */
  private abandoned = 0;
  private count = 0;

  constructor(
    private readonly codec: Codec,
    private readonly deadlines: Deadlines,
    private readonly send: (message: string | Uint8Array) => void,
    /** Called when no request waits any more. */
    private readonly onSettled: () => void,
  ) {}

  /** True while a request waits for its answer. */
  get awaiting(): boolean {
    return this.pending.size > 0;
  }

  /**
   * Sends a request, and resolves with the data of its answer.
   * @throws what the codec throws for the data
   * @throws RangeError for a `timeoutMs` that is no time
   */
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
   * True where a message may answer a request, in time or too late. `beginning`: the bytes of it that have come. With a
   * client that never answers a request that was given up, this stays true.
   */
  expects(binary: boolean, beginning: Buffer = NO_BYTES): boolean {
    if (this.pending.size + this.abandoned === 0 || binary !== this.codec.binary) return false;
    return mayBeObject(this.codec, beginning);
  }

  /**
   * Takes a message that answers a request: one that waits (`awaited`), or does not any more (`late`). Undefined for
   * all other messages.
   */
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

  /** False for a message that surely has no id of an answer, and need not be decoded here too. */
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

  /** Rejects all requests: no answer can come any more. */
  close(): void {
    for (const pending of [...this.pending.values()]) pending.reject(new ConnectionClosedError());
  }
}

/** True where bytes may begin an object. Of a user's own codec nothing is known. */
function mayBeObject({ constructor }: Codec, beginning: Buffer): boolean {
  const [first] = beginning;
  if (first === undefined) return true;
  if (constructor === JsonCodec) return !NO_OBJECT.test(beginning.toString('latin1', 0, MAX_BEGINNING));
  return constructor !== MessagePackCodec || first >> 4 === 8 || first === 0xde || first === 0xdf;
}
