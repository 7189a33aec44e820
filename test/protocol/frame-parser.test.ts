import { type FrameRules, Violations } from '../../src/protocol';
import { binary, clientFrame, continuation, PING, ping, PONG, pong, text } from '../support/frames';
import { broken, cutEvery, hex, MAX_MESSAGE, parse, parserOf, push } from './support';

/** The same input whole and byte by byte: headers are read in two ways, which must judge alike. */
function expectReports(input: Uint8Array, reports: object[], rules: Partial<FrameRules> = {}): void {
  expect(parse(input, rules)).toEqual(reports);
  expect(parse(cutEvery(input, 1), rules)).toEqual(reports);
}

describe('payload length (RFC 6455 5.2)', () => {
  test.each([0, 1, 2, 3, 4, 5, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537])('%d bytes', (length) => {
    const payload = Buffer.alloc(length, 'portal');
    expectReports(binary(payload), [{ opcode: 2, compressed: false, payload: hex(payload) }]);
  });

  test.each<[number, 2 | 8]>([
    [0, 2],
    [1, 2],
    [125, 2],
    [0, 8],
    [125, 8],
    [126, 8],
    [65_535, 8],
  ])('%d is not written in %d bytes: "the minimal number of bytes MUST be used"', (length, lengthBytes) => {
    expectReports(binary(Buffer.alloc(length), { lengthBytes }), [broken(Violations.LengthNotMinimal)]);
  });

  test.each([2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n])('%d: "the most significant bit MUST be 0"', (declared) => {
    expectReports(clientFrame({ opcode: 2, declared }), [broken(Violations.LengthTopBit)]);
  });

  test.each([BigInt(MAX_MESSAGE) + 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n])(
    '%d is too big, judged before the masking key is there',
    (declared) => {
      const lengthOnly = clientFrame({ opcode: 2, declared }).subarray(0, 10);
      expectReports(lengthOnly, [{ violation: 'MessageTooBig', closeCode: 1009 }]);
    },
  );

  test('beyond 32 bits is counted exactly where the limit lets it in', () => {
    const { sink, parser } = parserOf({ maxMessageBytes: 2 ** 33 });
    push(parser, clientFrame({ opcode: 2, declared: 2n ** 32n + 5n, payload: 'abc' }));
    expect(sink.declared).toEqual([2 ** 32 + 5]);
  });
});

describe('the limit of a message', () => {
  const limit = 200;
  const tooBig = broken(Violations.MessageTooBig);
  const message = (length: number): object => ({ opcode: 2, compressed: false, payload: '00'.repeat(length) });

  test.each([
    [limit - 1, message(limit - 1)],
    [limit, message(limit)],
    [limit + 1, tooBig],
  ])('of 200 bytes and a frame of %d', (length, report) => {
    expectReports(binary(Buffer.alloc(length)), [report], { maxMessageBytes: limit });
  });

  test.each([
    [40, message(limit)],
    [41, tooBig],
  ])('counts all fragments: 80 + 80 + %d', (last, report) => {
    const fragments = [
      binary(Buffer.alloc(80), { fin: false }),
      ping(),
      continuation(Buffer.alloc(80), { fin: false }),
      continuation(Buffer.alloc(last)),
    ];
    const pinged = { control: PING, payload: '' };
    expectReports(Buffer.concat(fragments), [pinged, report], { maxMessageBytes: limit });
  });

  test('starts anew with each message', () => {
    const two = [binary(Buffer.alloc(150), { fin: false }), continuation(''), binary(Buffer.alloc(150))];
    expectReports(Buffer.concat(two), [message(150), message(150)], { maxMessageBytes: limit });
  });

  test('does not count control frames', () => {
    const bytes = [binary(Buffer.alloc(9), { fin: false }), ping(Buffer.alloc(100)), continuation(Buffer.alloc(1))];
    const reports = [{ control: PING, payload: '00'.repeat(100) }, message(10)];
    expectReports(Buffer.concat(bytes), reports, { maxMessageBytes: 10 });
  });
});

describe('reserved bits (RFC 6455 5.2 "MUST be 0 unless an extension is negotiated")', () => {
  const frames = [1, 2, 8, 9, 10].flatMap((opcode) => [1, 2, 3, 4, 5, 6, 7].map((rsv) => [opcode, rsv] as const));

  test.each(frames)('opcode %d with reserved bits %d', (opcode, rsv) => {
    expectReports(clientFrame({ opcode, rsv }), [broken(Violations.ReservedBits)]);
  });

  test.each([1, 2])('RSV1 on opcode %d means compression once it is negotiated (RFC 7692 6)', (opcode) => {
    const reports = [{ opcode, compressed: true, payload: '6162' }];
    expectReports(clientFrame({ opcode, rsv: 4, payload: 'ab' }), reports, { allowRsv1: true });
    const fragments = [clientFrame({ opcode, rsv: 4, payload: 'a', fin: false }), continuation('b')];
    expectReports(Buffer.concat(fragments), reports, { allowRsv1: true });
  });

  test.each([8, 9, 10])('RSV1 never goes with control opcode %d (RFC 7692 6.1)', (opcode) => {
    expectReports(clientFrame({ opcode, rsv: 4 }), [broken(Violations.ReservedBits)], { allowRsv1: true });
  });

  test('RSV1 belongs to the first fragment only (RFC 7692 6.1)', () => {
    const bytes = Buffer.concat([text('a', { fin: false, rsv: 4 }), continuation('b', { rsv: 4 })]);
    expectReports(bytes, [broken(Violations.ReservedBits)], { allowRsv1: true });
  });

  test.each([1, 2, 3, 5, 6, 7])('reserved bits %d even where RSV1 is negotiated', (rsv) => {
    expectReports(text('a', { rsv }), [broken(Violations.ReservedBits)], { allowRsv1: true });
  });
});

describe('header', () => {
  test.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('opcode %d is reserved (RFC 6455 5.2)', (opcode) => {
    expectReports(clientFrame({ opcode }), [broken(Violations.ReservedOpcode)]);
    expectReports(clientFrame({ opcode, fin: false }), [broken(Violations.ReservedOpcode)]);
  });

  test.each([0, 1, 2, 8, 9, 10])('opcode %d unmasked (RFC 6455 5.1)', (opcode) => {
    const start = opcode === 0 ? [text('', { fin: false })] : [];
    const bytes = Buffer.concat([...start, clientFrame({ opcode, mask: null, payload: 'ab' })]);
    expectReports(bytes, [broken(Violations.NotMasked)]);
  });

  test.each([8, 9, 10])('control opcode %d in fragments (RFC 6455 5.5)', (opcode) => {
    expectReports(clientFrame({ opcode, fin: false }), [broken(Violations.FragmentedControl)]);
  });

  test.each([8, 9, 10])('control opcode %d of 125 bytes at the most (RFC 6455 5.5)', (opcode) => {
    const payload = Buffer.alloc(125, 1);
    expectReports(clientFrame({ opcode, payload }), [{ control: opcode, payload: hex(payload) }]);
    for (const length of [126, 127, 65_536]) {
      expectReports(clientFrame({ opcode, payload: Buffer.alloc(length) }), [broken(Violations.ControlTooLong)]);
    }
    expectReports(clientFrame({ opcode, payload: 'a', lengthBytes: 2 }), [broken(Violations.ControlTooLong)]);
  });
});

describe('fragments (RFC 6455 5.4)', () => {
  test.each([1, 2])('of opcode %d make one message', (opcode) => {
    const fragments = [clientFrame({ opcode, payload: 'a', fin: false }), continuation('b', { fin: false })];
    const bytes = Buffer.concat([...fragments, continuation('c')]);
    expectReports(bytes, [{ opcode, compressed: false, payload: hex(Buffer.from('abc')) }]);
  });

  test('with control frames between them, which are reported first', () => {
    const bytes = [
      text('a', { fin: false }),
      ping('1'),
      continuation('', { fin: false }),
      pong('2'),
      continuation('b'),
    ];
    expectReports(Buffer.concat(bytes), [
      { control: PING, payload: '31' },
      { control: PONG, payload: '32' },
      { opcode: 1, compressed: false, payload: '6162' },
    ]);
  });

  const whole = [{ opcode: 1, compressed: false, payload: '61' }];

  test.each<[string, Buffer[], object[]]>([
    ['a continuation of nothing', [continuation('a')], []],
    ['a continuation of nothing that goes on', [continuation('a', { fin: false })], []],
    ['a continuation of a whole message', [text('a'), continuation('a')], whole],
    ['one after the last', [text('', { fin: false }), continuation('a'), continuation('b')], whole],
    ['one after a control frame', [ping(), continuation('a')], [{ control: PING, payload: '' }]],
  ])('%s is refused', (_what, frames, before) => {
    expectReports(Buffer.concat(frames), [...before, broken(Violations.UnexpectedContinuation)]);
  });

  test.each([1, 2])('a message of opcode %d inside a fragmented one is refused', (opcode) => {
    for (const fin of [true, false]) {
      const bytes = Buffer.concat([text('a', { fin: false }), clientFrame({ opcode, fin })]);
      expectReports(bytes, [broken(Violations.ExpectedContinuation)]);
    }
  });
});

describe('empty fragments', () => {
  const first = text('', { fin: false });
  const empty = continuation('', { fin: false });
  const tooMany = { violation: 'EmptyFragments', closeCode: 1008 };
  const bytes = (...frames: Buffer[]): Buffer => Buffer.concat(frames);
  const run = (count: number): Buffer[] => Array<Buffer>(count).fill(empty);

  test('128 of them in a row pass', () => {
    expectReports(bytes(first, ...run(127)), []);
    expectReports(bytes(first, ...run(126), continuation('')), [{ opcode: 1, compressed: false, payload: '' }]);
    expectReports(bytes(text('a', { fin: false }), ...run(128)), []);
  });

  test('the 129th is one too many, be it the last or not', () => {
    expectReports(bytes(first, ...run(128)), [tooMany]);
    expectReports(bytes(first, ...run(127), continuation('')), [tooMany]);
    expectReports(bytes(text('a', { fin: false }), ...run(129)), [tooMany]);
  });

  test('a byte, or a new message, ends the run; a control frame does not', () => {
    const letter = continuation('a', { fin: false });
    expectReports(bytes(first, ...run(127), letter, ...run(128), letter, ...run(128)), []);
    const whole = { opcode: 1, compressed: false, payload: '61' };
    expectReports(bytes(first, ...run(127), continuation('a'), first, ...run(127)), [whole]);
    expectReports(bytes(first, ...run(127), ping(), empty), [{ control: PING, payload: '' }, tooMany]);
  });

  test('empty messages have no limit', () => {
    expect(parse(Buffer.concat(Array<Buffer>(1000).fill(text(''))))).toHaveLength(1000);
  });
});
