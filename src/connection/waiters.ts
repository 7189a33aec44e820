import { Opcode, type CloseInfo } from '../protocol';
import { ConnectionClosedError } from '../messages';
import type { ConnectionCore } from './connection-core';
import type { Asker } from './driver';
import { OwnedSources, type OwnedSource } from './owned-source';
import { Pings } from './pings';
import type { Receiver } from './receiver';
import { Requests, type RequestOptions } from './requests';
import { requireCodec } from './routes';
import type { Sender } from './sender';

/**
 * Things that the application waits for on one connection: pongs, answers, the end, and the end of its sources. Made
 * when the first is needed: most connections wait for nothing.
 */
export class Waiters implements Asker {
  readonly pings = new Pings();
  /** Made with the first request. */
  requests: Requests | undefined;
  /** Made with the first source. */
  sources: OwnedSources | undefined;
  private closed: ((close: CloseInfo) => void)[] = [];

  constructor(
    private readonly core: ConnectionCore,
    private readonly sender: Sender,
    private readonly receiver: Receiver,
  ) {}

  /**
   * Sends a ping, and resolves with the milliseconds until its pong. An empty payload is replaced, so that the pong is
   * known.
   */
  ping(payload: Buffer): Promise<number> {
    const { core, pings } = this;
    const now = core.context.clock.now();
    const bytes = payload.length > 0 ? payload : Buffer.from(String(now));
    this.sender.sendControl(Opcode.Ping, bytes);
    const answer = pings.expect(bytes, now);
    if (core.state !== 'open') pings.abandon();
    return answer;
  }

  async request(event: string, data: unknown, options: RequestOptions): Promise<unknown> {
    const { core, receiver } = this;
    const codec = requireCodec(core.route, core.connection.protocol);
    if (core.state !== 'open') throw new ConnectionClosedError('the connection is not open');
    this.requests ??= new Requests(
      codec,
      core.context.deadlines,
      (message) => void this.sender.sendEncoded(message),
      () => receiver.onRequestsChanged(),
    );
    const answer = this.requests.request(event, data, options);
    receiver.onRequestsChanged();
    return answer;
  }

  /**
   * Takes over a source of items, which ends with the connection at the latest. `failed` hears errors that no call of
   * `next` gets.
   * @throws TypeError for a value that is no source
   */
  own<T>(given: unknown, failed: (error: unknown) => unknown): OwnedSource<T> {
    const source = (this.sources ??= new OwnedSources()).own<T>(given, failed);
    if (this.core.state !== 'open') source.release();
    return source;
  }

  untilClosed(): Promise<CloseInfo> {
    return new Promise((resolve) => this.closed.push(resolve));
  }

  /** Rejects requests and ends sources: nothing can be sent any more. */
  abandon(): void {
    this.requests?.close();
    this.sources?.release();
  }

  /** The transport is gone: rejects pings, and resolves what waits for the end. */
  onClosed(info: CloseInfo): void {
    this.pings.abandon();
    for (const listener of this.closed.splice(0)) listener(info);
  }
}
