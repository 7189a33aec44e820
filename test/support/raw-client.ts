import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readServerFrame, type ServerFrame } from './frames';

export interface HttpAnswer {
  status: number;
  /** Names in lower case; a header that came twice has its values joined by commas. */
  headers: Record<string, string>;
  body: string;
}

export const UPGRADE_HEADERS: Readonly<Record<string, string>> = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
};

const open = new Set<Duplex>();

/** A client that sends exactly the bytes it is given, over TCP or any other stream; cut after the test. */
export class RawClient<Stream extends Duplex = Socket> {
  private received = Buffer.alloc(0);
  private ended = false;
  private wake: () => void = () => {};

  private constructor(
    readonly socket: Stream,
    private readonly authority: string,
  ) {
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  }

  /** `url`: an application's `ws://host:port`. */
  static async connect(url: string): Promise<RawClient> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(port), allowHalfOpen: true });
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawClient(socket, host);
  }

  /** A client on an open stream; `authority` is the `Host` of its upgrade requests. */
  static over<Stream extends Duplex>(stream: Stream, authority = 'localhost'): RawClient<Stream> {
    return new RawClient(stream, authority);
  }

  /** Connects and passes the handshake; fails when it is refused. */
  static async open(url: string, path: string, headers: Record<string, string> = {}): Promise<RawClient> {
    return (await RawClient.connect(url)).handshake(path, headers);
  }

  /** Passes the handshake; fails when it is refused. */
  async handshake(path: string, headers?: Record<string, string>): Promise<this> {
    this.upgrade(path, headers);
    const { status, body } = await this.answer();
    if (status !== 101) throw new Error(`refused with ${status}: ${body}`);
    return this;
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** Sends an upgrade request; a header given as '' is left out. `tail`: bytes in the same packet. */
  upgrade(path: string, headers: Record<string, string> = {}, tail: Uint8Array = Buffer.alloc(0)): void {
    const all = {
      Host: this.authority,
      ...UPGRADE_HEADERS,
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    };
    const lines = Object.entries(all)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}\r\n`);
    this.write(Buffer.concat([Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), tail]));
  }

  /** The next HTTP answer; frames that follow it stay for `frame()`. */
  async answer(): Promise<HttpAnswer> {
    const end = await this.until(() => {
      const at = this.received.indexOf('\r\n\r\n');
      return at < 0 ? undefined : at;
    });
    const [statusLine = '', ...lines] = this.received.subarray(0, end).toString('latin1').split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const length = Number(headers['content-length'] ?? 0);
    const body = await this.until(() =>
      this.received.length >= end + 4 + length ? this.received.subarray(end + 4, end + 4 + length) : undefined,
    );
    this.received = this.received.subarray(end + 4 + length);
    return { status: Number(statusLine.split(' ')[1]), headers, body: body.toString() };
  }

  /** The next frame of the server. */
  frame(): Promise<ServerFrame> {
    return this.until(() => {
      const read = readServerFrame(this.received);
      if (read === undefined) return undefined;
      this.received = this.received.subarray(read.size);
      return read.frame;
    });
  }

  /** The code and reason of the Close frame that comes next; code 1005 when it has none. */
  async closeFrame(): Promise<{ code: number; reason: string }> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 8) throw new Error(`a frame of opcode ${opcode} instead of a close: ${payload.toString()}`);
    if (payload.length === 0) return { code: 1005, reason: '' };
    return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
  }

  /** Resolves with the unread bytes when the server has ended its side. */
  async end(): Promise<Buffer> {
    while (!this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private async until<T>(read: () => T | undefined): Promise<T> {
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      if (this.ended) throw new Error(`the server ended the connection; unread: ${this.received.toString('latin1')}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

afterEach(() => {
  for (const socket of open) socket.destroy();
});
