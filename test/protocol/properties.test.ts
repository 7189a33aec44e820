import fc from 'fast-check';
import { CloseCode, FrameParser, isCloseCodeOnWire, Violations } from '../../src/protocol';
import { clientFrame } from '../support/frames';
import { anyStream, cuts, longStream, type Stream, validStream } from './arbitraries';
import { cut, cutEvery, holds, parse, read, Reader, RecordingSink, RULES } from './support';

/** Small enough for the streams at hand to reach them. */
const tight = { maxMessageBytes: 1000, maxEmptyFragments: 3 };

const encoded = ({ frames }: Stream): Buffer => Buffer.concat(frames.map(clientFrame));

const cutAt = (bytes: Uint8Array, places: number[]): Uint8Array[] =>
  cut(
    bytes,
    places.map((place) => place % Math.max(bytes.length, 1)),
  );

describe('the same bytes have the same outcome however they are cut', () => {
  test('as messages', () => {
    holds(
      fc.property(anyStream, cuts, (bytes, places) => {
        expect(read(cutAt(bytes, places), tight)).toEqual(read(bytes, tight));
      }),
      1000,
    );
  });

  test('as messages, one byte at a time', () => {
    holds(
      fc.property(anyStream, (bytes) => {
        expect(read(cutEvery(bytes, 1), tight)).toEqual(read(bytes, tight));
      }),
      500,
    );
  });

  test.each([false, true])('as frames, with allowRsv1 %s', (allowRsv1) => {
    const rules = { ...tight, allowRsv1 };
    holds(
      fc.property(anyStream, cuts, (bytes, places) => {
        expect(parse(cutAt(bytes, places), rules)).toEqual(parse(bytes, rules));
      }),
      500,
    );
  });

  test('as messages of more than 64 KiB', () => {
    holds(
      fc.property(longStream, cuts, (stream, places) => {
        expect(read(cutAt(encoded(stream), places))).toEqual(stream.outcomes);
      }),
      25,
    );
  });

  test('and wherever the sink pauses', () => {
    holds(
      fc.property(anyStream, fc.array(fc.boolean(), { minLength: 1 }), (bytes, pauses) => {
        const reader = new Reader(tight);
        let reports = 0;
        reader.afterReport = () => {
          if (pauses[reports++ % pauses.length]) reader.assembler.parser.pause();
        };
        let at = 0;
        for (let progress = true; progress;) {
          const stoppedAt = at + reader.push(bytes.subarray(at));
          progress = stoppedAt > at;
          at = stoppedAt;
        }
        expect(reader.outcomes).toEqual(read(bytes, tight));
      }),
      500,
    );
  });
});

test('messages arrive as a client encoded them', () => {
  holds(
    fc.property(validStream, cuts, (stream, places) => {
      expect(read(cutAt(encoded(stream), places))).toEqual(stream.outcomes);
    }),
    1000,
  );
});

test('arbitrary bytes end in messages or in a violation with a documented code, never in a throw', () => {
  const documented: number[] = [
    CloseCode.ProtocolError,
    CloseCode.InvalidPayload,
    CloseCode.PolicyViolation,
    CloseCode.MessageTooBig,
  ];
  holds(
    fc.property(anyStream, cuts, (bytes, places) => {
      const outcomes = read(cutAt(bytes, places), tight);
      const last = outcomes.findIndex(([kind]) => kind === 'close' || kind === 'violation');
      if (last >= 0) expect(outcomes).toHaveLength(last + 1);
      for (const outcome of outcomes) {
        if (outcome[0] === 'close') expect(outcome[1] === 1005 || isCloseCodeOnWire(outcome[1])).toBe(true);
        if (outcome[0] !== 'violation') continue;
        expect(documented).toContain(outcome[2]);
        expect(Violations).toHaveProperty(outcome[1]);
      }
    }),
    1000,
  );
});

test('one byte at a time, the sink is called at most once for each byte and twice for each message', () => {
  holds(
    fc.property(anyStream, (bytes) => {
      const sink = new RecordingSink();
      const parser = new FrameParser(sink, RULES);
      for (const chunk of cutEvery(bytes, 1)) parser.push(Buffer.from(chunk), 0, 1);
      expect(sink.calls).toBeLessThanOrEqual(bytes.length + 2 * sink.reports.length + 1);
      expect(sink.partLengths.every((length) => length === 1)).toBe(true);
    }),
  );
});
