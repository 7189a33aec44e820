import type { RawClient } from '../support/raw-client';

/** Counts and discards all that the server sends from now on, in place of the client's own methods. */
export class Meter {
  payloadBytes = 0;
  frames = 0;
  /** Resolves when the first message has arrived. */
  readonly messageEnd: Promise<void>;
  private onMessageEnd: () => void = () => {};
  private header: number[] = [];
  private remaining = 0;
  private final = false;

  constructor(client: RawClient) {
    this.messageEnd = new Promise((resolve) => (this.onMessageEnd = resolve));
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes) => this.push(bytes));
  }

  private push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.remaining === 0) {
        this.header.push(bytes[at++]!);
        this.readHeader();
      } else {
        const count = Math.min(this.remaining, bytes.length - at);
        at += count;
        this.payloadBytes += count;
        this.remaining -= count;
      }
      if (this.final && this.remaining === 0) this.onMessageEnd();
    }
  }

  private readHeader(): void {
    const [first = 0, second = 0, ...extended] = this.header;
    if (this.header.length < 2 + (second === 126 ? 2 : second === 127 ? 8 : 0)) return;
    this.remaining = second < 126 ? second : extended.reduce((value, byte) => value * 256 + byte, 0);
    this.final = (first & 0x80) !== 0;
    this.frames++;
    this.header = [];
  }
}
