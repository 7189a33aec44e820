import { SharedMessage } from '../connection';
import type { HistoryEntry } from './history-entry';
import { parseNodeMessage, type NodeMessage } from './node-message';
import { stamped, stampFor, type Stamp } from './stamp';

/*
 * A packet as it travels between nodes:
 *
 *   version (1 byte) | flags (1 byte) | node (8 bytes) | number (6 bytes) | sender (16 bytes, if FROM) | body
 *
 * The body is the message of a publisher as it is or, with NODE_MESSAGE, the JSON of a `NodeMessage`.
 */

/** Version of packets and of `NodeMessage`. Nodes read no other. */
export const VERSION = 1;

const TEXT = 1;
const NODE_MESSAGE = 2;
/** A connection published the message, and shall not get it. */
const FROM = 4;
/** The message is text and a JSON object, to which its offset can be added. */
const OBJECT = 8;
/** The object is empty. */
const EMPTY = 16;

const FLAGS: Record<Stamp, number> = { none: 0, last: OBJECT, only: OBJECT | EMPTY };

const FLAGS_AT = 1;
const NODE_AT = 2;
const NUMBER_AT = 10;
const HEADER_BYTES = 16;
const NODE_BYTES = NUMBER_AT - NODE_AT;
const NUMBER_BYTES = HEADER_BYTES - NUMBER_AT;
const SENDER_BYTES = 16;

export interface Packet {
  /** The node that made the packet: 16 hexadecimal digits. */
  readonly node: string;
  /** Grows with each packet of the node; 6 bytes last for nine years of a million a second. */
  readonly number: number;
  readonly flags: number;
  /** The id of the connection that published the message. */
  readonly sender: string | undefined;
  readonly body: Buffer;
}

/** Makes the packets of one node. */
export class Packer {
  private readonly nodeBytes: Buffer;
  private count = 0;

  constructor(readonly node: string) {
    this.nodeBytes = Buffer.from(node, 'hex');
    if (this.nodeBytes.length !== NODE_BYTES) throw new RangeError('a node is 16 hexadecimal digits');
  }

  /** The number of the latest packet. */
  get number(): number {
    return this.count;
  }

  message(message: SharedMessage): Buffer {
    return this.pack(message.isText ? TEXT : 0, message.payload);
  }

  /** `message` is one of a channel with history. */
  historyEntry(message: SharedMessage, sender: string | undefined): Buffer {
    return this.pack(FLAGS[stampFor(message)] | (message.isText ? TEXT : 0), message.payload, sender);
  }

  nodeMessage(message: NodeMessage): Buffer {
    return this.pack(NODE_MESSAGE, Buffer.from(JSON.stringify(message)));
  }

  private pack(flags: number, body: Uint8Array, sender?: string): Buffer {
    const bodyAt = HEADER_BYTES + (sender === undefined ? 0 : SENDER_BYTES);
    const packet = Buffer.allocUnsafe(bodyAt + body.length);
    packet[0] = VERSION;
    packet[FLAGS_AT] = sender === undefined ? flags : flags | FROM;
    packet.set(this.nodeBytes, NODE_AT);
    packet.writeUIntBE(++this.count, NUMBER_AT, NUMBER_BYTES);
    if (sender !== undefined) packet.write(sender.replaceAll('-', ''), HEADER_BYTES, 'hex');
    packet.set(body, bodyAt);
    return packet;
  }
}

/** Returns `undefined` for the packet of another version, and for bytes of another program. */
export function unpack(bytes: Buffer): Packet | undefined {
  const flags = bytes[FLAGS_AT] ?? 0;
  const bodyAt = HEADER_BYTES + ((flags & FROM) === 0 ? 0 : SENDER_BYTES);
  if (bytes[0] !== VERSION || bytes.length < bodyAt || flags >= EMPTY << 1) return undefined;
  return {
    flags,
    node: bytes.toString('hex', NODE_AT, NUMBER_AT),
    number: bytes.readUIntBE(NUMBER_AT, NUMBER_BYTES),
    sender: (flags & FROM) === 0 ? undefined : uuid(bytes.toString('hex', HEADER_BYTES, bodyAt)),
    body: bytes.subarray(bodyAt),
  };
}

export function messageIn({ flags, body }: Packet): SharedMessage {
  return new SharedMessage(body, (flags & TEXT) !== 0);
}

export const hasNodeMessage = ({ flags }: Packet): boolean => (flags & NODE_MESSAGE) !== 0;

/** Returns `undefined` for a body that is none. */
export const nodeMessageIn = ({ body }: Packet): NodeMessage | undefined => parseNodeMessage(body.toString());

/** The message of a channel with history, with its offset, as subscribers get it. */
export function historyEntryIn(packet: Packet, offset: string): HistoryEntry {
  const { flags, sender } = packet;
  const stamp: Stamp = (flags & OBJECT) === 0 ? 'none' : (flags & EMPTY) === 0 ? 'last' : 'only';
  return { offset, message: stamped(messageIn(packet), stamp, offset), sender };
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
