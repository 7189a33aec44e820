/** Hears from a Transport. */
export interface TransportReceiver {
  /** The peer sent `bytes[0, length)`. The bytes are valid during the call only; the receiver may overwrite them. */
  onBytes(bytes: Buffer, length: number): void;
  /** All written bytes have left. */
  onFlushed(): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** Nothing more will happen. Called once. */
  onClosed(): void;
  /** One of the methods above threw. */
  onFault(error: unknown): void;
}

/** Calls `onBytes`, and catches what it throws, which would end the process. */
export function deliver(receiver: TransportReceiver, bytes: Buffer, length: number): void {
  try {
    receiver.onBytes(bytes, length);
  } catch (error) {
    receiver.onFault(error);
  }
}
