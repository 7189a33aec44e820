export { STALL_MS, isLarge } from './backpressure';
export { Batch } from './batch';
export { Fifo } from './fifo';
export { Flusher } from './flusher';
export { RawSockets } from './raw-sockets';
export type { TransportReceiver } from './transport-receiver';
export { Transport, closeEnded } from './transport';
export { clearInterval, setImmediate, setInterval } from './turns';
export { type SendResult, WriteQueue, type WriteQueueOwner } from './write-queue';
