import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createDeflateCodec, KeptCodec, PortableCodec, type DeflateCodec } from '../../src/protocol/deflate-codec';
import { Violations } from '../../src/protocol/violations';
import { deflateMessage, inflateMessage } from '../support/deflate';
import { farthestReference } from '../support/deflate-distance';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const NONE = Buffer.alloc(0);
const MIB = 1024 * 1024;

test('the fast codec is used where it works', () => {
  expect(createDeflateCodec()).toBeInstanceOf(KeptCodec);
});

describe.each<[string, () => DeflateCodec]>([
  ['kept', () => new KeptCodec()],
  ['portable', () => new PortableCodec()],
])('the %s codec', (_name, create) => {
  const codec = create();

  function inflate(payload: Uint8Array, max = MIB, history: Buffer = NONE): string | Buffer | object {
    const result = codec.inflate(Buffer.concat([payload, TAIL]), max, history);
    return Buffer.isBuffer(result) ? Buffer.from(result) : result;
  }

  test.each(['', 'x', 'Hello', 'a'.repeat(100_000), '{"a":[1,2,3]}'.repeat(5000)])(
    'inflates what a client deflates',
    (text) => {
      expect(inflate(deflateMessage(text)).toString()).toBe(text);
    },
  );

  test.each(['', 'x', 'Hello', 'a'.repeat(300_000)])('deflates to what a client inflates', (text) => {
    for (const windowBits of [8, 9, 12, 15]) {
      const payload = codec.deflate(Buffer.from(text), windowBits, NONE);
      expect(inflateMessage(payload).toString()).toBe(text);
    }
  });

  test('nothing deflates to one byte of zero (RFC 7692 7.2.3.6)', () => {
    expect(codec.deflate(NONE, 15, NONE)).toEqual(Buffer.from([0]));
  });

  test('incompressible messages are whole too', () => {
    const noise = randomBytes(200_000);
    expect(inflate(codec.deflate(noise, 15, NONE))).toEqual(noise);
  });

  test('a message for a window of 256 bytes refers back no farther', () => {
    const words = Array.from({ length: 3000 }, (_, i) => `word${(i * 7919) % 61}`).join(' ');
    const payload = codec.deflate(Buffer.from(words), 8, NONE);
    expect(Buffer.from(inflateMessage(payload)).toString()).toBe(words);
    expect(farthestReference(payload)).toBeLessThanOrEqual(256);
    expect(farthestReference(codec.deflate(Buffer.from(words), 15, NONE))).toBeGreaterThan(256);
  });

  test.each([
    ['RFC 7692 7.2.3.1', 'f248cdc9c90700', 'Hello'],
    ['7.2.3.2, taking over', 'f200110000', 'Hello', 'Hello'],
    ['7.2.3.3, no compression', '000500faff48656c6c6f00', 'Hello'],
    ['7.2.3.4, BFINAL', 'f348cdc9c9070000', 'Hello'],
    ['7.2.3.4 without the byte of padding', 'f348cdc9c90700', 'Hello'],
    ['7.2.3.5, two blocks', 'f248050000 00ffffcac9c90700'.replace(' ', ''), 'Hello'],
    ['7.2.3.6, empty', '00', ''],
  ])('the example of %s', (_section, hex, text, history = '') => {
    expect(inflate(Buffer.from(hex, 'hex'), MIB, Buffer.from(history)).toString()).toBe(text);
  });

  test('blocks may follow a final one, and refer back to it', () => {
    const first = Buffer.from('f348cdc9c90700', 'hex');
    const second = deflateMessage('Hello again', { dictionary: Buffer.from('Hello') });
    expect(inflate(Buffer.concat([first, second])).toString()).toBe('HelloHello again');
    expect(inflate(Buffer.concat([first, first, first, Buffer.from([0])])).toString()).toBe('HelloHelloHello');
  });

  test('final blocks without end are refused', () => {
    const finals = Buffer.concat(Array<Buffer>(100_000).fill(Buffer.from('0300', 'hex')));
    expect(inflate(finals)).toBe(Violations.InvalidDeflate);
  });

  test.each(['ff', '06', '000500ffff48656c6c6f', 'f248cdc9c9070006'])('corrupt data is refused: %s', (hex) => {
    expect(inflate(Buffer.from(hex, 'hex'))).toBe(Violations.InvalidDeflate);
  });

  test('a reference beyond what is known is refused', () => {
    expect(inflate(Buffer.from('f200110000', 'hex'))).toBe(Violations.InvalidDeflate);
  });

  test('after corrupt data the next message is inflated', () => {
    inflate(Buffer.from('ff', 'hex'));
    expect(inflate(deflateMessage('next')).toString()).toBe('next');
  });

  test.each([1, 100, 65_535, 65_536, 65_537, MIB])('the limit of %d bytes holds to the byte', (max) => {
    expect((inflate(deflateMessage(Buffer.alloc(max)), max) as Buffer).length).toBe(max);
    expect(inflate(deflateMessage(Buffer.alloc(max + 1)), max)).toBe(Violations.MessageTooBig);
  });

  test('a bomb is stopped at the limit', () => {
    const bomb = deflateMessage(Buffer.alloc(64 * MIB));
    const before = process.memoryUsage().arrayBuffers;
    expect(inflate(bomb)).toBe(Violations.MessageTooBig);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MIB);
  });

  test('a history of 32 KiB, and the limit with it', () => {
    const history = randomBytes(32_000);
    const payload = deflateMessage(history, { dictionary: history });
    expect(payload.length).toBeLessThan(1000);
    expect(inflate(payload, 32_000, history)).toEqual(history);
    expect(inflate(payload, 31_999, history)).toBe(Violations.MessageTooBig);
  });

  test('it can refer back itself', () => {
    const history = Buffer.from('{"event":"chat.message","data":{"text":"hello"}}');
    const payload = codec.deflate(history, 15, history);
    expect(payload.length).toBeLessThan(codec.deflate(history, 15, NONE).length / 2);
    expect(inflateMessage(payload, { dictionary: history })).toEqual(history);
  });

  test('inflate(deflate(m)) = m', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 8, max: 15 }),
      fc.uint8Array({ maxLength: 256 }),
      (message, bits, history) => {
        const payload = codec.deflate(message, bits, Buffer.from(history));
        expect(inflate(payload, MIB, Buffer.from(history))).toEqual(Buffer.from(message));
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  test('arbitrary bytes end in a message or a violation, never in a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const result = codec.inflate(Buffer.concat([bytes, TAIL]), 10_000, NONE);
        expect(Buffer.isBuffer(result) || [1007, 1009].includes(result.closeCode)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  describe('reading while it arrives', () => {
    function read(parts: Uint8Array[], history: Buffer = NONE): Buffer | object {
      const stream = codec.inflateStream(16 * MIB, history);
      const pieces: Buffer[] = [];
      const pull = (): object | undefined => {
        for (let piece = stream.pull(); piece !== undefined; piece = stream.pull()) {
          if (!Buffer.isBuffer(piece)) return piece;
          pieces.push(piece);
        }
        return undefined;
      };
      for (const part of parts) {
        stream.push(Buffer.from(part));
        const violation = pull();
        if (violation !== undefined) return violation;
      }
      stream.end();
      return pull() ?? Buffer.concat(pieces);
    }

    test.each([1, 3, 1000])('in parts of %d bytes', (size) => {
      const text = Array.from({ length: 5000 }, (_, i) => `line ${i}`).join('\n');
      const payload = deflateMessage(text);
      const parts: Buffer[] = [];
      for (let at = 0; at < payload.length; at += size) parts.push(payload.subarray(at, at + size));
      expect(read(parts).toString()).toBe(text);
    });

    test('much of little', () => {
      expect((read([deflateMessage(Buffer.alloc(5 * MIB))]) as Buffer).length).toBe(5 * MIB);
    });

    test('final blocks, history and corrupt data', () => {
      const first = Buffer.from('f348cdc9c90700', 'hex');
      const second = deflateMessage('Hello again', { dictionary: Buffer.from('Hello') });
      expect(read([first]).toString()).toBe('Hello');
      expect(read([first, second]).toString()).toBe('HelloHello again');
      expect(read([Buffer.concat([first, second])]).toString()).toBe('HelloHello again');
      expect(read([Buffer.from('f200110000', 'hex')], Buffer.from('Hello')).toString()).toBe('Hello');
      expect(read([Buffer.from([0xff])])).toBe(Violations.InvalidDeflate);
    });

    test('an empty message has no pieces', () => {
      expect(read([Buffer.from([0])])).toEqual(NONE);
    });
  });
});
