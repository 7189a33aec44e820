import type { FrameRules } from '../../src/protocol';
import { Reader } from '../../src/connection/reader';
import type { Transport } from '../../src/transport';
import { text } from '../support/frames';

const RULES: FrameRules = { maxMessageBytes: 1000, maxEmptyFragments: 10, allowRsv1: false };

/** Reads texts; `held` stops the reading from within, as a full queue does. */
class TextReader extends Reader {
  readonly events: string[] = [];
  isListening = true;
  room = true;
  isOpen = true;

  hasRoom(): boolean {
    return this.room;
  }

  mayResume(): boolean {
    return this.isOpen;
  }

  onText(message: string): void {
    this.events.push(message);
    if (message !== 'held') return;
    this.room = false;
    this.pause();
  }

  onHeld(): void {}
  onBinary(): void {}
  onPing(): void {}
  onPong(): void {}
  onClose(): void {}
  onViolation(): void {}

  get state() {
    const { isPaused, isBehind, isMidMessage, unparsedBytes } = this;
    return { isPaused, isBehind, isMidMessage, unparsedBytes };
  }

  forget(): void {
    this.stopParsing();
  }
}

function readerOf() {
  const transport = { pause: () => void events.push('pause'), resume: () => void events.push('resume') };
  const outgoing = { cork: () => {}, uncork: () => {} };
  const reader = new TextReader(transport as unknown as Transport, outgoing, RULES, undefined);
  const { events } = reader;
  const read = (...bytes: Buffer[]): void => reader.onBytes(Buffer.concat(bytes), Buffer.concat(bytes).length);
  return { reader, read, events };
}

test('without room the peer is held back, and bytes that were read wait', () => {
  const { reader, read, events } = readerOf();
  read(text('a'), text('held'), text('b'), text('c'));
  read(text('d'));
  expect(events).toEqual(['a', 'held', 'pause']);
  expect(reader.state).toMatchObject({ isPaused: true, isBehind: true, unparsedBytes: 3 * text('b').length });
  reader.readOn();
  expect(events).toHaveLength(3);
  reader.room = true;
  reader.readOn();
  expect(events.slice(3)).toEqual(['b', 'c', 'd', 'resume']);
  expect(reader.state).toMatchObject({ isPaused: false, isBehind: false, unparsedBytes: 0 });
});

test('messages that waited may hold the peer back again', () => {
  const { reader, read, events } = readerOf();
  read(text('held'), text('held'), text('b'));
  reader.room = true;
  reader.readOn();
  expect(events).toEqual(['held', 'pause', 'held']);
  expect(reader.state.isBehind).toBe(true);
});

test('while a message is inflated nothing that follows is parsed', () => {
  const { reader, read, events } = readerOf();
  reader.onInflating();
  read(text('a'));
  expect([reader.state.isMidMessage, events]).toEqual([true, ['pause']]);
  reader.onInflatingDone();
  expect([reader.state.isMidMessage, events]).toEqual([false, ['pause', 'a', 'resume']]);
});

test('where no new bytes are to be read, those that were read are parsed all the same', () => {
  const { reader, read, events } = readerOf();
  reader.isOpen = false;
  read(text('held'), text('a'));
  reader.room = true;
  reader.readOn();
  expect([events, reader.isPaused]).toEqual([['held', 'pause', 'a'], true]);
});

test('bytes that no longer count are thrown away, and never hold the peer back', () => {
  const { reader, read, events } = readerOf();
  read(text('held'), text('a'));
  reader.isListening = false;
  reader.forget();
  expect([events, reader.state.unparsedBytes]).toEqual([['held', 'pause', 'resume'], 0]);
});
