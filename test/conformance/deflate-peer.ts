import type { Compression } from '../../src/engine';
import { deflateMessage, inflateMessage } from '../support/deflate';
import { BINARY, clientFrame, TEXT } from '../support/frames';
import { opened, type Peer, type Setting } from './peer';

export const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };

/** The parameters of permessage-deflate in a handshake's answer (RFC 7692 7.1). */
export interface Agreed {
  serverTakeover: boolean;
  clientTakeover: boolean;
  serverBits: number;
  clientBits: number;
}

export function readAgreed(header: string): Agreed {
  const [name, ...rest] = header.split(';').map((part) => part.trim());
  const params = new Map(rest.map((param) => param.split('=') as [string, string | undefined]));
  expect(name).toBe('permessage-deflate');
  expect(params.size).toBe(rest.length);
  const bits = (param: string): number => {
    if (!params.has(param)) return 15;
    expect(params.get(param)).toMatch(/^([89]|1[0-5])$/);
    return Number(params.get(param));
  };
  const agreed = {
    serverTakeover: !params.has('server_no_context_takeover'),
    clientTakeover: !params.has('client_no_context_takeover'),
    serverBits: bits('server_max_window_bits'),
    clientBits: bits('client_max_window_bits'),
  };
  for (const param of params.keys()) {
    expect(param).toMatch(/^(server|client)_(no_context_takeover|max_window_bits)$/);
  }
  return agreed;
}

/** A client that compresses, and keeps context, exactly as agreed on. */
export class DeflatePeer {
  readonly agreed: Agreed;
  private sent = Buffer.alloc(0);
  private received = Buffer.alloc(0);

  private constructor(readonly peer: Peer) {
    this.agreed = readAgreed(peer.headers['sec-websocket-extensions'] ?? '');
  }

  /** `options` are those of the engine beside `compression`. */
  static async open(
    compression: Compression = {},
    { headers = OFFER, ...setting }: Setting = {},
  ): Promise<DeflatePeer> {
    const options = { compression: { threshold: 0, ...compression }, ...setting.options };
    return new DeflatePeer(await opened({ ...setting, headers, options }));
  }

  get client(): Peer['client'] {
    return this.peer.client;
  }

  /** Sends a compressed message, in fragments of `size` bytes. */
  send(message: string | Uint8Array, size = Infinity): void {
    const { clientTakeover, clientBits } = this.agreed;
    const windowBits = Math.max(9, clientBits);
    const dictionary = this.sent.subarray(-(2 ** clientBits));
    const deflated = deflateMessage(message, dictionary.length > 0 ? { windowBits, dictionary } : { windowBits });
    if (clientTakeover) this.sent = Buffer.concat([dictionary, Buffer.from(message)]);
    this.client.write(compressedFrames(typeof message === 'string' ? TEXT : BINARY, deflated, size));
  }

  /** The next message, inflated, and its payload as it was sent. */
  async receive(): Promise<{ message: string | Buffer; payload: Buffer }> {
    const { opcode, fin, rsv, payload } = await this.client.frame();
    expect({ fin, rsv }).toEqual({ fin: true, rsv: 4 });
    const dictionary = this.received.subarray(-(2 ** this.agreed.serverBits));
    const message = inflateMessage(payload, dictionary.length > 0 ? { dictionary } : {});
    if (this.agreed.serverTakeover) this.received = Buffer.concat([dictionary, message]);
    return { message: opcode === TEXT ? message.toString() : message, payload };
  }

  async expectEcho(message: string | Buffer, size?: number): Promise<void> {
    this.send(message, size);
    const answer = await this.receive();
    expect(typeof answer.message).toBe(typeof message);
    expect(Buffer.from(answer.message).equals(Buffer.from(message))).toBe(true);
  }

  /** Sends a payload as it is, marked as compressed. */
  sendRaw(payload: Uint8Array, size = Infinity, opcode = TEXT): void {
    this.client.write(compressedFrames(opcode, payload, size));
  }
}

/** A payload in fragments of `size` bytes, the first of which says that it is compressed (RFC 7692 6). */
export function compressedFrames(opcode: number, payload: Uint8Array, size = Infinity): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < payload.length || at === 0; at += size) {
    const first = at === 0 ? { opcode, rsv: 4 } : { opcode: 0 };
    frames.push(clientFrame({ ...first, payload: payload.subarray(at, at + size), fin: at + size >= payload.length }));
  }
  return Buffer.concat(frames);
}

/** Text with repetitions near and far, for DEFLATE. */
export function prose(length: number, seed = 1): string {
  const words = [
    '"event"',
    '"chat.message"',
    '{"id":',
    '},',
    '[1,2,3]',
    'portal',
    'é€😀'.slice(0, 2),
    '\n',
    '"data":null',
    '4711',
  ];
  let state = seed;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += words[(state >>> 16) % words.length]! + ((state >>> 20) & 63);
  }
  return text.slice(0, length);
}
