/** HTTP/2 (RFC 9113) frame by frame, since Node's own client sends no bad frames; apart from the code under test. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export const FrameType = {
  Data: 0,
  Headers: 1,
  ResetStream: 3,
  Settings: 4,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;

export interface Http2Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

/** Names and values in the order in which they are sent. */
export type Fields = readonly (readonly [name: string, value: string])[];

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEADER_BYTES = 9;
const MAX_FRAME_BYTES = 16_384;

export function http2Frame(type: number, streamId: number, payload: Uint8Array = Buffer.alloc(0), flags = 0): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** RFC 7541 6.2.2: each field literally, and none indexed. */
export function fieldBlock(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap((field) => [Buffer.from([0]), ...field.map(stringLiteral)]));
}

export function headersFrame(streamId: number, fields: Fields, flags = END_HEADERS): Buffer {
  return http2Frame(FrameType.Headers, streamId, fieldBlock(fields), flags);
}

/** A block of headers, in as many frames as it needs. */
export function headersInParts(streamId: number, fields: Fields): Buffer {
  const block = fieldBlock(fields);
  const parts: Buffer[] = [];
  for (let at = 0; at < block.length; at += MAX_FRAME_BYTES) {
    const type = at === 0 ? FrameType.Headers : FrameType.Continuation;
    const isLast = at + MAX_FRAME_BYTES >= block.length;
    parts.push(http2Frame(type, streamId, block.subarray(at, at + MAX_FRAME_BYTES), isLast ? END_HEADERS : 0));
  }
  return Buffer.concat(parts);
}

export function resetFrame(streamId: number, code: number): Buffer {
  return http2Frame(FrameType.ResetStream, streamId, uint32(code));
}

/** The fields of a request that opens a WebSocket at `path`. */
export function connectFields(path = '/'): [name: string, value: string][] {
  return [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['sec-websocket-version', '13'],
  ];
}

/** A client that sends the given frames after the preface. It answers only the server's SETTINGS, and never closes by itself. */
export class Http2FrameClient {
  private received = Buffer.alloc(0);
  private ended = false;
  private wake: () => void = () => {};
  /** All frames but acknowledgements, in the order in which they came. */
  readonly frames: Http2Frame[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.read();
      this.wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  /** `url`: an application's `ws://host:port`, or `wss:` with `ca`, the authority of its certificate. */
  static async connect(url: string, ca?: string): Promise<Http2FrameClient> {
    const { hostname: host, port, protocol } = new URL(url);
    const place = { host, port: Number(port), allowHalfOpen: true };
    const isSecure = protocol === 'wss:';
    const socket = isSecure ? connectTls({ ...place, ca, ALPNProtocols: ['h2'] }) : connect(place);
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    socket.setNoDelay(true);
    return Http2FrameClient.over(socket);
  }

  static over(socket: Socket): Http2FrameClient {
    socket.write(Buffer.concat([PREFACE, http2Frame(FrameType.Settings, 0)]));
    return new Http2FrameClient(socket);
  }

  write(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Waits for the first such frame. Resolves with undefined when the server ends the connection before. */
  async find(isIt: (frame: Http2Frame) => boolean): Promise<Http2Frame | undefined> {
    for (;;) {
      const found = this.frames.find(isIt);
      if (found !== undefined || this.ended) return found;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The server's answer to a stream: `status 200`, `reset 1`, `goaway 1`, or `cut`. */
  async fateOf(streamId: number): Promise<string> {
    const frame = await this.find(({ type, streamId: id }) => {
      if (type === FrameType.GoAway) return true;
      return id === streamId && (type === FrameType.Headers || type === FrameType.ResetStream);
    });
    if (frame === undefined) return 'cut';
    if (frame.type === FrameType.Headers) return `status ${statusIn(frame)}`;
    if (frame.type === FrameType.ResetStream) return `reset ${frame.payload.readUInt32BE(0)}`;
    return `goaway ${frame.payload.readUInt32BE(4)}`;
  }

  /** Resolves when the server has ended the connection. */
  async end(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(): void {
    while (this.received.length >= HEADER_BYTES) {
      const size = HEADER_BYTES + this.received.readUIntBE(0, 3);
      if (this.received.length < size) return;
      const frame = {
        type: this.received[3]!,
        flags: this.received[4]!,
        streamId: this.received.readUInt32BE(5),
        payload: Buffer.from(this.received.subarray(HEADER_BYTES, size)),
      };
      this.received = this.received.subarray(size);
      const isAck = (frame.flags & ACK) !== 0;
      if (frame.type === FrameType.Settings && !isAck) this.write(http2Frame(FrameType.Settings, 0, undefined, ACK));
      if (frame.type !== FrameType.Settings || !isAck) this.frames.push(frame);
    }
  }
}

/** RFC 7541, appendix A: the entries of the static table that are a status; 200 is number 8. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];

/** The status comes first; undefined where it is not one of the static table's. */
function statusIn({ payload }: Http2Frame): number | undefined {
  return STATUSES[payload[0]! - 0x80 - 8];
}

/** RFC 7541 5.2: without Huffman coding. */
function stringLiteral(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541 5.1. */
function integer(value: number, prefixBits: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.from([value]);
  const bytes = [max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
