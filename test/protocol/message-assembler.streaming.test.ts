import fc from 'fast-check';
import { type FrameRules, MessageAssembler } from '../../src/protocol';
import { binary, continuation, ping, text } from '../support/frames';
import { anyStream, cuts } from './arbitraries';
import { bytes, cut, cutEvery, hex, holds, type Outcome, read, RULES } from './support';

type StreamReport = Outcome | readonly ['start', 'text' | 'binary'] | readonly ['part', Buffer] | readonly ['end'];

const STREAMED = { maxTextStreamBytes: 5000, maxBinaryStreamBytes: 5000 };

function streamed(chunks: Uint8Array | Uint8Array[], rules: Partial<FrameRules> = STREAMED): StreamReport[] {
  const reports: StreamReport[] = [];
  const assembler = new MessageAssembler(
    {
      onText: (message) => reports.push(['text', message]),
      onBinary: (message) => reports.push(['binary', hex(message)]),
      onStreamStart: (isBinary) => reports.push(['start', isBinary ? 'binary' : 'text']),
      onStreamPart: (part) => reports.push(['part', part]),
      onStreamEnd: () => reports.push(['end']),
      onPing: (payload) => reports.push(['ping', hex(payload)]),
      onPong: (payload) => reports.push(['pong', hex(payload)]),
      onClose: (code, reason) => reports.push(['close', code, reason]),
      onViolation: ({ name, closeCode }) => reports.push(['violation', name, closeCode]),
    },
    { ...RULES, ...rules },
  );
  for (const chunk of [chunks].flat()) {
    const copy = Buffer.from(chunk);
    assembler.parser.push(copy, 0, copy.length);
    copy.fill(0xee);
  }
  return reports;
}

/** With the parts of each message put together, as an assembler that does not stream would report it. */
function assembled(reports: StreamReport[]): Outcome[] {
  const outcomes: Outcome[] = [];
  let kind = '';
  let parts: Buffer[] = [];
  for (const report of reports) {
    if (report[0] === 'start') [kind, parts] = [report[1], []];
    else if (report[0] === 'part') parts.push(report[1]);
    else if (report[0] !== 'end') outcomes.push(report);
    else if (kind === 'text') outcomes.push(['text', Buffer.concat(parts).toString()]);
    else outcomes.push(['binary', hex(Buffer.concat(parts))]);
  }
  return outcomes;
}

const part = (content: string): StreamReport => ['part', Buffer.from(content)];

test('a message of one frame has a start, a part and an end', () => {
  expect(streamed(text('hello'))).toEqual([['start', 'text'], part('hello'), ['end']]);
  expect(streamed(binary(Buffer.from('hello')))).toEqual([['start', 'binary'], part('hello'), ['end']]);
});

test('an empty one has no part', () => {
  expect(streamed(text(''))).toEqual([['start', 'text'], ['end']]);
  expect(streamed([text('', { fin: false }), continuation('')])).toEqual([['start', 'text'], ['end']]);
});

test('parts come as they arrive, with control frames where they came', () => {
  const frames = Buffer.concat([text('ab', { fin: false }), ping('!'), continuation('cd')]);
  expect(streamed(cut(frames, [7, frames.length - 1]))).toEqual([
    ['start', 'text'],
    part('a'),
    part('b'),
    ['ping', '21'],
    part('c'),
    part('d'),
    ['end'],
  ]);
});

test('one kind may be streamed and the other assembled', () => {
  const frames = [text('a'), binary(bytes('62'))];
  expect(streamed(frames, { maxTextStreamBytes: 10 })).toEqual([
    ['start', 'text'],
    part('a'),
    ['end'],
    ['binary', '62'],
  ]);
  expect(streamed(frames, { maxBinaryStreamBytes: 10 })).toEqual([
    ['text', 'a'],
    ['start', 'binary'],
    part('b'),
    ['end'],
  ]);
});

test('text is judged as it arrives, and nothing of the part that proves it invalid is handed over', () => {
  const invalid: StreamReport = ['violation', 'InvalidUtf8', 1007];
  expect(streamed(text(bytes('61 ff 62')))).toEqual([['start', 'text'], invalid]);
  const cutCharacter = text(bytes('e2 82'), { fin: false });
  const first: StreamReport[] = [
    ['start', 'text'],
    ['part', bytes('e2 82')],
  ];
  expect(streamed([cutCharacter, continuation(bytes('ac'))])).toEqual([...first, ['part', bytes('ac')], ['end']]);
  expect(streamed([cutCharacter, continuation('a')])).toEqual([...first, invalid]);
  expect(streamed([cutCharacter, continuation('')])).toEqual([...first, invalid]);
});

test.each([
  ['text', { maxTextStreamBytes: 10, maxBinaryStreamBytes: 100, maxMessageBytes: 100 }, 1],
  ['binary', { maxTextStreamBytes: 100, maxBinaryStreamBytes: 10, maxMessageBytes: 100 }, 2],
  ['assembled text', { maxBinaryStreamBytes: 100, maxMessageBytes: 10 }, 1],
])('a limit of 10 bytes for %s holds for all its fragments together', (_what, rules, opcode) => {
  const first = opcode === 1 ? text('12345', { fin: false }) : binary(Buffer.from('12345'), { fin: false });
  expect(assembled(streamed([first, continuation('67890')], rules))).toHaveLength(1);
  const reports = streamed([first, continuation('678901')], rules);
  expect(reports.at(-1)).toEqual(['violation', 'MessageTooBig', 1009]);
});

test('streamed or assembled, the same messages and violations come of the same bytes, however they are cut', () => {
  const tight = { maxMessageBytes: 1000, maxEmptyFragments: 3 };
  const tightStreams = { ...tight, maxTextStreamBytes: 1000, maxBinaryStreamBytes: 1000 };
  holds(
    fc.property(anyStream, cuts, (input, places) => {
      const at = places.map((place) => place % Math.max(input.length, 1));
      const whole = read(input, tight);
      expect(assembled(streamed(cut(input, at), tightStreams))).toEqual(whole);
      expect(assembled(streamed(cutEvery(input, 1), tightStreams))).toEqual(whole);
    }),
    500,
  );
});
