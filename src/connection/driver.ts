import type { CloseInfo } from '../protocol';
import type { SendResult } from '../transport';
import type { Codec } from '../messages';
import type { Bytes } from './bytes';
import type { LimitName } from './limits';
import type { Chunks } from './outgoing-stream';
import type { OwnedSource } from './owned-source';
import type { RequestOptions } from './requests';
import type { SubscribeOptions, Subscribed } from './subscribe-options';

/** Dependencies of Connection. */
export interface Driver {
  readonly state: 'open' | 'closing' | 'closed';
  readonly signal: AbortSignal;
  /** Undefined where messages are no events. */
  readonly codec: Codec | undefined;
  /** False while the upgrade is pending. */
  readonly decided: boolean;
  readonly sender: MessageSender;
  readonly waiters: Asker;
  readonly membership: ChannelMember;
  /** Makes an id by which the connection is found. */
  identify(): string;
  /** The application has set another user. */
  identified(): void;
  /** Reports a limit that is not the engine's. */
  reached(limit: LimitName): void;
  /** Takes over a source of items, which ends with the connection at the latest. */
  own<T>(source: unknown, failed: (error: unknown) => unknown): OwnedSource<T>;
  /** True where the observer has heard of this failure. */
  hasTold(error: unknown): boolean;
  /** Makes the peer's messages wait until it has read, where much of what was sent waits for it. */
  holdBack(): void;
  close(code?: number, reason?: string): void;
  closed(): Promise<CloseInfo>;
  terminate(): void;
}

/** Sends the messages of one connection. */
export interface MessageSender {
  readonly compresses: boolean;
  readonly bufferedBytes: number;
  sendText(message: string, compress?: boolean): SendResult;
  sendBinary(message: Uint8Array, compress?: boolean): SendResult;
  emit(event: string, data: unknown): SendResult;
  sendStream(chunks: Chunks): Promise<void>;
  sendControl(opcode: number, payload: Buffer): void;
  drained(): Promise<void>;
}

/** Asks the peer of one connection, and waits for its answers. */
export interface Asker {
  ping(payload: Buffer): Promise<number>;
  request(event: string, data: unknown, options: RequestOptions): Promise<unknown>;
}

/** Subscribes one connection to channels. */
export interface ChannelMember {
  readonly channels: readonly string[];
  subscribe(channel: string, options: SubscribeOptions): Promise<Subscribed | undefined>;
  unsubscribe(channel: string): Promise<void>;
  subscribePattern(pattern: string): Promise<void>;
  unsubscribePattern(pattern: string): Promise<void>;
  publish(channel: string, message: string | Bytes): void;
}
