import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { SharedMessage } from '../../src/engine';
import {
  hasNodeMessage,
  historyEntryIn,
  messageIn,
  nodeMessageIn,
  Packer,
  unpack,
  VERSION,
  type Packet,
} from '../../src/channels/packet';
import type { NodeMessage } from '../../src/channels/node-message';
import { text, textOf } from '../support/subscribers';

const NODE = '0123456789abcdef';

const through = (pack: (packer: Packer) => Buffer): Packet => unpack(pack(new Packer(NODE)))!;

test('text arrives as text', () => {
  const packet = through((packer) => packer.message(text('größe 🙂')));
  expect(packet).toMatchObject({ node: NODE, number: 1, sender: undefined });
  expect(hasNodeMessage(packet)).toBe(false);
  expect(messageIn(packet).isText).toBe(true);
  expect(textOf(messageIn(packet))).toBe('größe 🙂');
});

test('bytes arrive as bytes, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const message = messageIn(through((packer) => packer.message(new SharedMessage(bytes))));
      expect(message.isText).toBe(false);
      expect(Buffer.from(message.payload).equals(bytes)).toBe(true);
    }),
  );
});

test('an empty message is a message', () => {
  expect(textOf(messageIn(through((packer) => packer.message(text('')))))).toBe('');
});

test('what nodes say to each other arrives as it was', () => {
  const what: NodeMessage = { is: 'members', channel: 'room:7', members: [{ connectionId: 'ä', data: null }] };
  const packet = through((packer) => packer.nodeMessage(what));
  expect(hasNodeMessage(packet)).toBe(true);
  expect(nodeMessageIn(packet)).toEqual(what);
});

test.each([
  ['plain text', 'plain text'],
  ['{"a":1}', '{"a":1,"offset":"5-6"}'],
  ['{}', '{"offset":"5-6"}'],
  ['{ }', '{ "offset":"5-6"}'],
  ['[{}]', '[{}]'],
  ['{x}', '{x}'],
  ['', ''],
])('a message to keep, %j, comes back as %j', (before, after) => {
  for (const sender of [undefined, randomUUID()]) {
    const packet = through((packer) => packer.historyEntry(text(before), sender));
    expect(packet.sender).toBe(sender);
    const { offset, message, sender: from } = historyEntryIn(packet, '5-6');
    expect({ offset, from, isText: message.isText, text: textOf(message) }).toEqual({
      offset: '5-6',
      from: sender,
      isText: true,
      text: after,
    });
  }
});

test('bytes to keep come back as they are', () => {
  const bytes = Buffer.from('{}');
  const { message } = historyEntryIn(
    through((packer) => packer.historyEntry(new SharedMessage(bytes), undefined)),
    '5-6',
  );
  expect(message.isText).toBe(false);
  expect(textOf(message)).toBe('{}');
});

test('numbers grow by one with each packet, whatever it is', () => {
  const packer = new Packer(NODE);
  expect(packer.number).toBe(0);
  const packets = [
    packer.message(text('a')),
    packer.nodeMessage({ is: 'bye' }),
    packer.historyEntry(text('b'), undefined),
  ];
  expect(packets.map((packet) => unpack(packet)!.number)).toEqual([1, 2, 3]);
  expect(packer.number).toBe(3);
});

test('the largest number is read as it is', () => {
  const packet = new Packer(NODE).message(text('x'));
  packet.fill(0xff, 10, 16);
  expect(unpack(packet)).toMatchObject({ node: NODE, number: 2 ** 48 - 1 });
});

test('a packet keeps nothing of the message that it was made of', () => {
  const bytes = Buffer.from('abc');
  const packet = new Packer(NODE).message(new SharedMessage(bytes));
  bytes.fill(0);
  expect(textOf(messageIn(unpack(packet)!))).toBe('abc');
});

test.each(['', '0123', `${NODE}00`, 'not hexadecimal!', '0123456789abcdeg'])('%j is no node', (node) => {
  expect(() => new Packer(node)).toThrow(RangeError);
});

test('bytes that are too short are no packet', () => {
  const packer = new Packer(NODE);
  for (const [packet, least] of [
    [packer.message(text('')), 16],
    [packer.historyEntry(text(''), randomUUID()), 32],
  ] as const) {
    expect(packet).toHaveLength(least);
    expect(unpack(packet)).toBeDefined();
    for (let length = 0; length < least; length++) expect(unpack(packet.subarray(0, length))).toBeUndefined();
  }
});

test('bytes with flags that nobody sets are no packet', () => {
  const packet = new Packer(NODE).message(text('a message that is long enough'));
  for (const [flags, isPacket] of [
    [31, true],
    [32, false],
    [65, false],
    [255, false],
  ] as const) {
    packet[1] = flags;
    expect(unpack(packet) !== undefined).toBe(isPacket);
  }
});

test.each([0, VERSION + 1, 255])('a packet of version %d is not read', (version) => {
  const packet = new Packer(NODE).message(text('x'));
  expect(packet[0]).toBe(VERSION);
  packet[0] = version;
  expect(unpack(packet)).toBeUndefined();
});

test('no bytes at all make it throw', () => {
  const bytes = fc
    .tuple(fc.nat(40), fc.uint8Array({ maxLength: 60 }))
    .map(([flags, rest]) => Buffer.from([VERSION, flags, ...rest]));
  fc.assert(
    fc.property(bytes, (bytes) => {
      const packet = unpack(bytes);
      if (packet === undefined) return;
      expect(packet.node).toMatch(/^[0-9a-f]{16}$/);
      const { sender } = packet;
      if (sender !== undefined) expect(sender).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      messageIn(packet);
      nodeMessageIn(packet);
      historyEntryIn(packet, '1-1');
    }),
    { numRuns: 2000 },
  );
});
