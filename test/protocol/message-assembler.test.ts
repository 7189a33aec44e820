import { binary, clientFrame, close, CLOSE, continuation, type FrameParts, ping, pong, text } from '../support/frames';
import { allocatedBy, bytes, cutEvery, hex, MAX_MESSAGE, type Outcome, read, Reader } from './support';
import { INVALID_UTF8, VALID_UTF8 } from './utf8-samples';

const INVALID: Outcome = ['violation', 'InvalidUtf8', 1007];

/** The same input whole and byte by byte. */
function expectOutcomes(input: Uint8Array | Uint8Array[], outcomes: Outcome[]): void {
  const whole = input instanceof Uint8Array ? input : Buffer.concat(input);
  expect(read(whole)).toEqual(outcomes);
  expect(read(cutEvery(whole, 1))).toEqual(outcomes);
}

/** The header of a text frame, and its payload masked, so that a test can push as much of it as it likes. */
function headerAndPayload(payload: Uint8Array, more: Partial<FrameParts> = {}): [Buffer, Buffer] {
  const frame = clientFrame({ opcode: 1, payload, ...more });
  const size = frame.length - payload.length;
  return [frame.subarray(0, size), frame.subarray(size)];
}

describe('messages', () => {
  test.each(['', 'a', 'hello', 'é', '𝄞', '\u0000', 'a'.repeat(126), 'é'.repeat(40_000)])('text %#', (message) => {
    expectOutcomes(text(message), [['text', message]]);
  });

  test.each([0, 1, 125, 126, 127, 4095, 4096, 4097, 65_535, 65_536])('%d bytes', (length) => {
    const payload = Buffer.alloc(length, 'portal');
    expectOutcomes(binary(payload), [['binary', hex(payload)]]);
  });

  test('RFC 6455 5.7: a masked "Hello", whole and in two fragments', () => {
    expectOutcomes(bytes('818537fa213d7f9f4d5158'), [['text', 'Hello']]);
    expectOutcomes([text('Hel', { fin: false }), continuation('lo')], [['text', 'Hello']]);
  });

  test('come in order, with the control frames between the fragments first (RFC 6455 5.4)', () => {
    const stream = [text('1'), binary(bytes('02'), { fin: false }), ping('3'), pong('4'), continuation('5'), text('6')];
    expectOutcomes(stream, [
      ['text', '1'],
      ['ping', '33'],
      ['pong', '34'],
      ['binary', '0235'],
      ['text', '6'],
    ]);
  });

  test('keep the key of each fragment apart', () => {
    const stream = [
      text('ab', { fin: false, mask: bytes('01020304') }),
      continuation('cde', { fin: false, mask: bytes('ff00ff00') }),
      continuation('f', { mask: bytes('00000000') }),
    ];
    expectOutcomes(stream, [['text', 'abcdef']]);
  });

  test('a binary message is judged as bytes, not as text', () => {
    expectOutcomes(binary(bytes('ff fe c0 80')), [['binary', 'fffec080']]);
    expectOutcomes([binary(bytes('ff'), { fin: false }), continuation(bytes('c0'))], [['binary', 'ffc0']]);
  });

  test('one that is handed over is not written over by the next', () => {
    const reader = new Reader();
    for (const letter of 'abc') {
      reader.push(binary(Buffer.alloc(100, letter), { fin: false }));
      reader.push(continuation(Buffer.alloc(100, letter)));
      reader.push(binary(Buffer.alloc(200, letter)));
      reader.push(ping(letter));
    }
    const expected = [...'abc'].flatMap((letter): Outcome[] => {
      const payload = hex(Buffer.alloc(200, letter));
      return [
        ['binary', payload],
        ['binary', payload],
        ['ping', hex(Buffer.from(letter))],
      ];
    });
    expect(reader.outcomes).toEqual(expected);
  });
});

describe('text is UTF-8 (RFC 6455 8.1)', () => {
  test.each(VALID_UTF8)('%s', (_what, sample) => {
    const message = bytes(sample);
    expectOutcomes(text(message), [['text', message.toString()]]);
    for (let split = 0; split <= message.length; split++) {
      const fragments = [text(message.subarray(0, split), { fin: false }), continuation(message.subarray(split))];
      expectOutcomes(fragments, [['text', message.toString()]]);
    }
  });

  describe.each(INVALID_UTF8)('%s is not', (_what, sample, proof) => {
    const wrong = bytes(sample);

    test.each([0, 10, 60])('in one frame, after %d bytes', (length) => {
      const before = Buffer.alloc(length, 'a');
      expectOutcomes(text(Buffer.concat([before, wrong])), [INVALID]);
      if (proof < wrong.length) expectOutcomes(text(Buffer.concat([before, wrong, before])), [INVALID]);
    });

    test('across fragments', () => {
      for (let split = 0; split <= wrong.length; split++) {
        const fragments = [text(wrong.subarray(0, split), { fin: false }), continuation(wrong.subarray(split))];
        expectOutcomes(fragments, [INVALID]);
      }
    });

    test('and fails in mid-frame, at the byte that proves it', () => {
      const [header, payload] = headerAndPayload(Buffer.concat([wrong, Buffer.alloc(500)]));
      const reader = new Reader();
      reader.push(header);
      reader.push(payload.subarray(0, proof));
      expect(reader.outcomes).toEqual([]);
      reader.push(payload.subarray(proof, proof + 1));
      expect(reader.outcomes).toEqual([INVALID]);
    });
  });

  test('a character may be cut by a fragment, and a ping come in between', () => {
    const [first, second] = [bytes('f0 9f'), bytes('98 80')];
    expectOutcomes(
      [text(first, { fin: false }), ping(), continuation('', { fin: false }), continuation(second)],
      [
        ['ping', ''],
        ['text', '😀'],
      ],
    );
  });

  test('a character that is cut off at the end of one message is not taken up by the next', () => {
    expectOutcomes([text(bytes('e2 82'), { fin: false }), continuation(''), text(bytes('ac'))], [INVALID]);
    const next = [binary(bytes('e2'), { fin: false }), continuation(''), text('a', { fin: false }), continuation('b')];
    expectOutcomes(next, [
      ['binary', 'e2'],
      ['text', 'ab'],
    ]);
  });
});

describe('control frames', () => {
  test.each([0, 1, 125])('ping and pong of %d bytes', (length) => {
    const payload = Buffer.alloc(length, 0xff);
    expectOutcomes(
      [ping(payload), pong(payload)],
      [
        ['ping', hex(payload)],
        ['pong', hex(payload)],
      ],
    );
  });

  test('a Close frame without payload has code 1005 (RFC 6455 7.1.5)', () => {
    expectOutcomes(close(), [['close', 1005, '']]);
  });

  test('a Close frame has a code and a reason', () => {
    expectOutcomes(close(1000), [['close', 1000, '']]);
    expectOutcomes(close(4999, 'auf Wiedersehen, schöne Welt'), [['close', 4999, 'auf Wiedersehen, schöne Welt']]);
    expectOutcomes(close(1001, 'a'.repeat(123)), [['close', 1001, 'a'.repeat(123)]]);
  });

  test.each<[string, Uint8Array, Outcome]>([
    ['of one byte (RFC 6455 5.5.1)', bytes('03'), ['violation', 'InvalidCloseLength', 1002]],
    ['with a code that may not travel (RFC 6455 7.4.1)', bytes('03ed'), ['violation', 'InvalidCloseCode', 1002]],
    ['with a reason that is no UTF-8 (RFC 6455 5.5.1)', bytes('03e8ff'), ['violation', 'InvalidUtf8', 1007]],
    ['of 126 bytes (RFC 6455 5.5)', Buffer.alloc(126, 3), ['violation', 'ControlTooLong', 1002]],
  ])('a Close frame %s is refused', (_what, payload, outcome) => {
    expectOutcomes(clientFrame({ opcode: CLOSE, payload }), [outcome]);
  });

  test.each<[string, Buffer]>([
    ['a message', text('a')],
    ['a ping', ping()],
    ['a second Close frame', close(1001)],
    ['the rest of a message', continuation('b')],
    ['a violation', text('a', { mask: null })],
  ])('%s after a Close frame counts for nothing (RFC 6455 5.5.1)', (_what, more) => {
    const before = text('a', { fin: false });
    expectOutcomes([before, close(1000, 'bye'), more, more], [['close', 1000, 'bye']]);
  });
});

describe('violations', () => {
  test('of every kind come once, and nothing after them', () => {
    const after = [text('b'), ping(), close(), text('', { rsv: 1 })];
    expectOutcomes([text('a'), text(bytes('ff')), ...after], [['text', 'a'], INVALID]);
    expectOutcomes(
      [text('a'), continuation('a'), ...after],
      [
        ['text', 'a'],
        ['violation', 'UnexpectedContinuation', 1002],
      ],
    );
    expectOutcomes([text(bytes('c3'), { fin: false }), continuation(''), ...after], [INVALID]);
    expectOutcomes(
      [clientFrame({ opcode: CLOSE, payload: 'a' }), ...after],
      [['violation', 'InvalidCloseLength', 1002]],
    );
  });
});

describe('memory', () => {
  test('a large length that is merely declared costs little, in one frame and in a fragment', () => {
    for (const opcode of [1, 2]) {
      for (const fin of [true, false]) {
        const chunk = clientFrame({ opcode, fin, declared: BigInt(MAX_MESSAGE), payload: 'a' });
        const reader = new Reader();
        const sizes = allocatedBy(() => reader.assembler.parser.push(chunk, 0, chunk.length));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
      }
    }
  });

  test('a length beyond the limit allocates nothing', () => {
    const chunk = clientFrame({ opcode: 2, declared: BigInt(MAX_MESSAGE) + 1n, payload: 'a' });
    const reader = new Reader();
    expect(allocatedBy(() => reader.assembler.parser.push(chunk, 0, chunk.length))).toEqual([]);
    expect(reader.outcomes).toEqual([['violation', 'MessageTooBig', 1009]]);
  });

  test('a gathered message takes at most four times the bytes that have arrived', () => {
    const frame = binary(Buffer.alloc(MAX_MESSAGE));
    const reader = new Reader();
    for (let at = 0; at < frame.length; at += 10_000) {
      const end = Math.min(at + 10_000, frame.length);
      const sizes = allocatedBy(() => reader.assembler.parser.push(frame, at, end));
      for (const size of sizes) expect(size).toBeLessThanOrEqual(end * 4);
    }
    expect(reader.outcomes).toHaveLength(1);
  });

  test.each([
    ['read one byte at a time', (length: number) => binary(Buffer.alloc(length)), 1, 1],
    ['in fragments of one byte', fragmentsOf(1), 7, 7],
    ['in fragments of two bytes, each cut in the middle by a read', fragmentsOf(2), 7, 8],
  ])('what is allocated for a message %s grows as the message does', (_how, encode, firstRead, readSize) => {
    for (const length of [20_000, 40_000]) {
      const encoded = encode(length);
      const chunks = [encoded.subarray(0, firstRead), ...cutEvery(encoded.subarray(firstRead), readSize)];
      const reader = new Reader();
      const sizes = allocatedBy(() => {
        for (const chunk of chunks) reader.assembler.parser.push(Buffer.from(chunk), 0, chunk.length);
      });
      expect(reader.outcomes).toEqual([['binary', '00'.repeat(length)]]);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(length * 6);
    }
  });
});

test.each<[string, Buffer]>([
  ['a violation', text('a message within a message')],
  ['text that is not UTF-8', continuation(Buffer.from([0xff]))],
])('nothing is held of a large message after %s, nor once reading has ended', (_, next) => {
  for (const end of ['violation', 'stop'] as const) {
    const reader = new Reader();
    reader.push(text('x'.repeat(300_000), { fin: false }));
    expect(reader.assembler.heldBytes).toBeGreaterThanOrEqual(300_000);
    if (end === 'stop') reader.assembler.stop();
    else reader.push(next);
    expect(reader.violations).toHaveLength(end === 'stop' ? 0 : 1);
    expect(reader.assembler.heldBytes).toBe(0);
  }
});

function fragmentsOf(size: number): (length: number) => Buffer {
  return (length) => {
    const fragment = (at: number): Buffer =>
      clientFrame({ opcode: at === 0 ? 2 : 0, payload: Buffer.alloc(size), fin: at === length - size });
    return Buffer.concat(Array.from({ length: length / size }, (_, i) => fragment(i * size)));
  };
}
