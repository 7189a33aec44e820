/** What a transport tells the driver that it carries. */
export interface TransportReceiver {
  /** Bytes of the peer, up to `length`. They are valid during the call only; the receiver may overwrite them. */
  onBytes(bytes: Buffer, length: number): void;
  /** All that was written has left. */
  onFlushed(): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** Nothing more will happen. Called once. */
  onClosed(): void;
  /** One of the above threw. */
  onFault(error: unknown): void;
}

/** What is thrown here would end the process. */
export function deliver(receiver: TransportReceiver, bytes: Buffer, length: number): void {
  try {
    receiver.onBytes(bytes, length);
  } catch (error) {
    receiver.onFault(error);
  }
}
