import { Violations } from '../../src/protocol';
import { binary, clientFrame, continuation, type FrameParts, PING, ping, pong, text } from '../support/frames';
import { broken, parse, parserOf, push } from './support';

test.each<[string, FrameParts, number, object]>([
  ['reserved opcode', { opcode: 3 }, 1, Violations.ReservedOpcode],
  ['reserved bits', { opcode: 1, rsv: 1 }, 1, Violations.ReservedBits],
  ['fragmented control', { opcode: 9, fin: false }, 1, Violations.FragmentedControl],
  ['missing mask', { opcode: 1, mask: null }, 2, Violations.NotMasked],
  ['long control', { opcode: 9, payload: 'a', lengthBytes: 2 }, 2, Violations.ControlTooLong],
  ['length in too many bytes', { opcode: 1, payload: 'a', lengthBytes: 2 }, 4, Violations.LengthNotMinimal],
  ['top bit of the length', { opcode: 1, declared: 2n ** 63n }, 10, Violations.LengthTopBit],
])('%s is seen as soon as its byte is there', (_what, parts, needed, violation) => {
  const { sink, parser } = parserOf();
  const frame = clientFrame(parts);
  push(parser, frame.subarray(0, needed - 1));
  expect(sink.reports).toEqual([]);
  push(parser, frame.subarray(needed - 1, needed));
  expect(sink.reports).toEqual([broken(violation as { name: string; closeCode: number })]);
});

describe('the end of reading', () => {
  test('nothing is reported after a violation, and nothing read', () => {
    const { sink, parser } = parserOf();
    push(parser, Buffer.concat([text('a', { mask: null }), text('b')]));
    expect(push(parser, text('c'))).toBe(0);
    parser.fail(Violations.InvalidUtf8);
    expect(sink.reports).toEqual([broken(Violations.NotMasked)]);
  });

  test('nothing is reported after stop(), not even a violation (RFC 6455 5.5.1)', () => {
    const { sink, parser } = parserOf();
    sink.afterReport = () => parser.stop();
    push(parser, Buffer.concat([ping(), ping(), text('', { mask: null })]));
    expect(push(parser, ping())).toBe(0);
    expect(sink.reports).toEqual([{ control: PING, payload: '' }]);
  });
});

describe('pause()', () => {
  const frames = [text('a'), ping('b'), text('c', { fin: false }), pong('d'), continuation('e'), text('f')];
  const bytes = Buffer.concat(frames);
  const ends = [0, 1, 3, 4, 5].map((last) => Buffer.concat(frames.slice(0, last + 1)).length);

  test('stops after the frame under way, and push goes on from the offset that it returned', () => {
    const { sink, parser } = parserOf();
    sink.afterReport = () => parser.pause();
    const input = Buffer.concat([Buffer.from('..'), bytes, Buffer.from('..')]);
    const end = input.length - 2;
    const stops: number[] = [];
    for (let at = 2; at < end; stops.push(at - 2)) at = parser.push(input, at, end);
    expect(stops).toEqual(ends);
    expect(sink.reports).toEqual(parse(bytes));
  });

  test('holds for one push', () => {
    const { sink, parser } = parserOf();
    parser.pause();
    expect(push(parser, bytes)).toBe(bytes.length);
    expect(sink.reports).toHaveLength(5);
  });
});

test('midMessage is true from the first byte of a fragmented message to its end', () => {
  const { parser } = parserOf();
  const seen = [text('a', { fin: false }), ping(), continuation('b')].map((frame) => {
    push(parser, frame);
    return parser.midMessage;
  });
  expect(seen).toEqual([true, true, false]);
});

test('parts come as they arrive, never empty, with the length declared so far', () => {
  const { sink, parser } = parserOf();
  const first = binary(Buffer.alloc(10), { fin: false });
  for (const chunk of [first.subarray(0, 6), first.subarray(6, 9), first.subarray(9)]) push(parser, chunk);
  push(parser, continuation('', { fin: false }));
  push(parser, continuation('abc'));
  expect(sink.partLengths).toEqual([3, 7, 3]);
  expect(sink.declared).toEqual([10, 10, 13]);
});
