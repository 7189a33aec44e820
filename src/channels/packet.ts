import { SharedMessage } from '../connection';
import type { HistoryEntry } from './history-entry';
import { stamped, stampFor, type Stamp } from './stamp';

/*
 * A packet as it travels between nodes:
 *
 *   flags (1 byte) | node (8 bytes) | number (6 bytes) | sender (16 bytes, if FROM) | body
 *
 * Its body is a message as it is, or, for nodes among themselves, JSON.
 */
const TEXT = 1;
const CONTROL = 2;
/** A connection published it, which shall not get it. */
const FROM = 4;
/** Text that is a JSON object, to which its offset can be added. */
const OBJECT = 8;
/** ... and the object is empty. */
const EMPTY = 16;

const FLAGS: Record<Stamp, number> = { none: 0, last: OBJECT, only: OBJECT | EMPTY };

const NODE_BYTES = 8;
const HEADER_BYTES = 1 + NODE_BYTES + 6;
const SENDER_BYTES = 16;

export interface Packet {
  /** Who made it: 16 hexadecimal digits. */
  readonly node: string;
  /** Grows with each packet of the node; 6 bytes last for nine years of a million a second. */
  readonly number: number;
  readonly flags: number;
  /** The id of the connection that published it. */
  readonly sender: string | undefined;
  readonly body: Buffer;
}

export const isControl = ({ flags }: Packet): boolean => (flags & CONTROL) !== 0;

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

  /** Of a channel with history. */
  historyEntry(message: SharedMessage, sender: string | undefined): Buffer {
    return this.pack(FLAGS[stampFor(message)] | (message.isText ? TEXT : 0), message.payload, sender);
  }

  control(what: object): Buffer {
    return this.pack(CONTROL, Buffer.from(JSON.stringify(what)));
  }

  private pack(flags: number, body: Uint8Array, sender?: string): Buffer {
    const bodyAt = HEADER_BYTES + (sender === undefined ? 0 : SENDER_BYTES);
    const packet = Buffer.allocUnsafe(bodyAt + body.length);
    packet[0] = sender === undefined ? flags : flags | FROM;
    packet.set(this.nodeBytes, 1);
    packet.writeUIntBE(++this.count, 1 + NODE_BYTES, 6);
    if (sender !== undefined) packet.write(sender.replaceAll('-', ''), HEADER_BYTES, 'hex');
    packet.set(body, bodyAt);
    return packet;
  }
}

/** Undefined for bytes that are no packet: somebody else uses the broker. */
export function unpack(bytes: Buffer): Packet | undefined {
  const flags = bytes[0] ?? 0;
  const bodyAt = HEADER_BYTES + ((flags & FROM) === 0 ? 0 : SENDER_BYTES);
  if (bytes.length < bodyAt || flags >= EMPTY << 1) return undefined;
  return {
    flags,
    node: bytes.toString('hex', 1, 1 + NODE_BYTES),
    number: bytes.readUIntBE(1 + NODE_BYTES, 6),
    sender: (flags & FROM) === 0 ? undefined : uuid(bytes.toString('hex', HEADER_BYTES, bodyAt)),
    body: bytes.subarray(bodyAt),
  };
}

export function messageIn({ flags, body }: Packet): SharedMessage {
  return new SharedMessage(body, (flags & TEXT) !== 0);
}

/** What nodes tell each other; undefined for what is none. */
export function controlIn({ body }: Packet): Record<string, unknown> | undefined {
  try {
    const what: unknown = JSON.parse(body.toString());
    return typeof what === 'object' && what !== null ? (what as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A message of a channel with history, as it is sent. */
export function keptIn(packet: Packet, offset: string): HistoryEntry {
  const { flags, sender } = packet;
  const stamp: Stamp = (flags & OBJECT) === 0 ? 'none' : (flags & EMPTY) === 0 ? 'last' : 'only';
  return { offset, message: stamped(messageIn(packet), stamp, offset), sender };
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
