import { MessageAssembler, type FrameRules, type MessageReceiver } from '../../src/protocol';
import { Reader } from '../../src/connection/reader';
import type { Transport } from '../../src/transport';
import { text } from '../support/frames';

const RULES: FrameRules = { maxMessageBytes: 1000, maxEmptyFragments: 10, allowRsv1: false };

/** Reads texts; `held` stops the reading from within, as a full queue does. */
function readerOf() {
  const events: string[] = [];
  const owner = {
    isListening: true,
    room: true,
    isOpen: true,
    hasRoom: () => owner.room,
    mayResume: () => owner.isOpen,
    onHeld: () => {},
  };
  const receiver = {
    onText(message: string) {
      events.push(message);
      if (message === 'held') {
        owner.room = false;
        reader.pause();
      }
    },
  } as MessageReceiver;
  const transport = { pause: () => events.push('pause'), resume: () => events.push('resume') };
  const outgoing = { cork: () => {}, uncork: () => {} };
  const reader: Reader = new Reader(
    owner,
    new MessageAssembler(receiver, RULES),
    transport as unknown as Transport,
    outgoing,
  );
  const read = (...bytes: Buffer[]): void => reader.onBytes(Buffer.concat(bytes), Buffer.concat(bytes).length);
  return { reader, read, events, owner };
}

test('without room the peer is held back, and bytes that were read wait', () => {
  const { reader, read, events, owner } = readerOf();
  read(text('a'), text('held'), text('b'), text('c'));
  read(text('d'));
  expect(events).toEqual(['a', 'held', 'pause']);
  expect([reader.isPaused, reader.isBehind, reader.heldBytes]).toEqual([true, true, 3 * text('b').length]);
  reader.readOn();
  expect(events).toHaveLength(3);
  owner.room = true;
  reader.readOn();
  expect(events.slice(3)).toEqual(['b', 'c', 'd', 'resume']);
  expect([reader.isPaused, reader.isBehind, reader.heldBytes]).toEqual([false, false, 0]);
});

test('messages that waited may hold the peer back again', () => {
  const { reader, read, events, owner } = readerOf();
  read(text('held'), text('held'), text('b'));
  owner.room = true;
  reader.readOn();
  expect(events).toEqual(['held', 'pause', 'held']);
  expect(reader.isBehind).toBe(true);
});

test('while a message is inflated nothing that follows is parsed', () => {
  const { reader, read, events } = readerOf();
  reader.holdForInflating();
  read(text('a'));
  expect([reader.isMidMessage, events]).toEqual([true, ['pause']]);
  reader.onInflated();
  expect([reader.isMidMessage, events]).toEqual([false, ['pause', 'a', 'resume']]);
});

test('where no new bytes are to be read, those that were read are parsed all the same', () => {
  const { reader, read, events, owner } = readerOf();
  owner.isOpen = false;
  read(text('held'), text('a'));
  owner.room = true;
  reader.readOn();
  expect([events, reader.isPaused]).toEqual([['held', 'pause', 'a'], true]);
});

test('bytes that no longer count are thrown away, and never hold the peer back', () => {
  const { reader, read, events, owner } = readerOf();
  read(text('held'), text('a'));
  owner.isListening = false;
  reader.forget();
  expect([events, reader.heldBytes]).toEqual([['held', 'pause', 'resume'], 0]);
});
