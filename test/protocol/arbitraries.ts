import fc from 'fast-check';
import { BINARY, clientFrame, CLOSE, type FrameParts, PING, PONG, TEXT } from '../support/frames';
import { hex, type Outcome } from './support';

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });

/** Small ones, and those around which a frame's header or the validator changes its ways. */
const length = fc.oneof(
  { weight: 12, arbitrary: fc.nat(40) },
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 47, 48, 49, 125, 126, 127) },
  { weight: 3, arbitrary: fc.nat(1200) },
);

const longLength = fc.constantFrom(65_535, 65_536, 65_537);

const filled = (size: fc.Arbitrary<number>): fc.Arbitrary<Buffer> =>
  fc.tuple(size, fc.uint8Array({ minLength: 1, maxLength: 7 })).map(([n, pattern]) => Buffer.alloc(n, pattern));

const repeated = (size: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  fc
    .tuple(size, fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }))
    .map(([n, unit]) => [...unit.repeat(Math.ceil(n / unit.length))].slice(0, n).join(''));

const string = (size: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 200 }), repeated(size));

interface Message {
  opcode: number;
  payload: Buffer;
  outcome: Outcome;
}

const messageOf = (size: fc.Arbitrary<number>): fc.Arbitrary<Message> =>
  fc.oneof(
    string(size).map((text): Message => ({ opcode: TEXT, payload: Buffer.from(text), outcome: ['text', text] })),
    filled(size).map((payload): Message => ({ opcode: BINARY, payload, outcome: ['binary', hex(payload)] })),
  );

const control: fc.Arbitrary<Message> = fc
  .tuple(fc.boolean(), fc.uint8Array({ maxLength: 125 }))
  .map(([isPing, payload]) => ({
    opcode: isPing ? PING : PONG,
    payload: Buffer.from(payload),
    outcome: [isPing ? 'ping' : 'pong', hex(payload)],
  }));

const closeFrame: fc.Arbitrary<Message> = fc
  .tuple(fc.constantFrom(1000, 1001, 1003, 1011, 1014, 3000, 4999), fc.string({ unit: 'binary', maxLength: 30 }))
  .map(([code, reason]) => ({
    opcode: CLOSE,
    payload: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
    outcome: ['close', code, reason],
  }));

export interface Stream {
  frames: FrameParts[];
  outcomes: Outcome[];
}

/** A message in fragments with control frames between them. */
const fragmented = (message: fc.Arbitrary<Message>): fc.Arbitrary<Stream> =>
  fc
    .tuple(message, fc.array(fc.nat(), { maxLength: 4 }), fc.array(control, { maxLength: 2 }), mask)
    .map(([{ opcode, payload, outcome }, cuts, controls, key]) => {
      const places = [0, ...cuts.map((n) => n % (payload.length + 1)).sort((a, b) => a - b), payload.length];
      const fragments = places.slice(1).map((end, i): FrameParts => {
        const fin = i === places.length - 2;
        return { opcode: i === 0 ? opcode : 0, payload: payload.subarray(places[i], end), fin, mask: key };
      });
      const between = controls.slice(0, fragments.length - 1);
      const frames = fragments.flatMap((fragment, i) => {
        const after = between[i];
        return after === undefined ? [fragment] : [fragment, { opcode: after.opcode, payload: after.payload }];
      });
      return { frames, outcomes: [...between.map((each) => each.outcome), outcome] };
    });

const single = (message: fc.Arbitrary<Message>): fc.Arbitrary<Stream> =>
  fc.tuple(message, mask).map(([{ opcode, payload, outcome }, key]) => ({
    frames: [{ opcode, payload, mask: key }],
    outcomes: [outcome],
  }));

const joined = (parts: Stream[]): Stream => ({
  frames: parts.flatMap((part) => part.frames),
  outcomes: parts.flatMap((part) => part.outcomes),
});

const someMessages = fc.array(
  fc.oneof(single(messageOf(length)), fragmented(messageOf(length)), fragmented(messageOf(length)), single(control)),
  { maxLength: 5 },
);

/** What a client may send, and what is to come of it. */
export const validStream: fc.Arbitrary<Stream> = fc
  .tuple(someMessages, fc.array(single(closeFrame), { maxLength: 1 }))
  .map(([messages, end]) => joined([...messages, ...end]));

export const longStream: fc.Arbitrary<Stream> = fragmented(messageOf(longLength));

type Change<T> = (items: T[], at: number) => void;

const inFrames: fc.Arbitrary<Change<FrameParts>> = fc.oneof(
  fc.record({ rsv: fc.integer({ min: 1, max: 7 }) }).map(merge),
  fc.record({ opcode: fc.nat(15) }).map(merge),
  fc.record({ fin: fc.boolean() }).map(merge),
  fc.constant(merge({ mask: null })),
  fc.constantFrom<(2 | 8)[]>(2, 8).map((lengthBytes): Change<FrameParts> => {
    return (frames, at) => {
      const { opcode, payload = '', fin = true } = frames[at]!;
      frames[at] = { opcode, payload, fin, lengthBytes };
    };
  }),
  fc.bigInt(0n, 2n ** 64n - 1n).map((declared) => merge({ declared, lengthBytes: 8 })),
  fc.nat(1200).map((n) => merge({ declared: BigInt(n), lengthBytes: 2 })),
  fc.uint8Array({ maxLength: 125 }).map((payload) => merge({ payload })),
  fc.constant<Change<FrameParts>>((frames, at) => frames.splice(at, 1)),
  fc.constant<Change<FrameParts>>((frames, at) => frames.splice(at, 0, frames[at]!)),
  fc.nat(6).map((count): Change<FrameParts> => {
    return (frames, at) => frames.splice(at, 0, ...Array<FrameParts>(count).fill({ opcode: 0, fin: false }));
  }),
  fc.uint8Array({ maxLength: 125 }).map((payload): Change<FrameParts> => {
    return (frames, at) => frames.splice(at, 0, { opcode: CLOSE, payload });
  }),
);

function merge(change: Partial<FrameParts>): Change<FrameParts> {
  return (frames, at) => (frames[at] = { ...frames[at]!, ...change });
}

const inBytes: fc.Arbitrary<Change<number>> = fc.oneof(
  fc.integer({ min: 1, max: 255 }).map(
    (bits): Change<number> =>
      (octets, at) =>
        (octets[at]! ^= bits),
  ),
  fc.nat(7).map(
    (bit): Change<number> =>
      (octets, at) =>
        (octets[at]! ^= 1 << bit),
  ),
  fc.nat(255).map(
    (octet): Change<number> =>
      (octets, at) =>
        octets.splice(at, 0, octet),
  ),
  fc.integer({ min: 1, max: 5 }).map(
    (count): Change<number> =>
      (octets, at) =>
        octets.splice(at, count),
  ),
  fc.constant<Change<number>>((octets, at) => octets.splice(at)),
);

function changed<T>(items: T[], changes: [Change<T>, number][]): T[] {
  const copy = [...items];
  for (const [change, where] of changes) if (copy.length > 0) change(copy, where % copy.length);
  return copy;
}

const changesOf = <T>(change: fc.Arbitrary<Change<T>>): fc.Arbitrary<[Change<T>, number][]> =>
  fc.array(fc.tuple(change, fc.nat()), { maxLength: 2 });

const encoded = (frames: FrameParts[]): Buffer => Buffer.concat(frames.map(clientFrame));

/** Frames of which some break rules, and then bytes of which some are wrong, missing or too many. */
export const mutatedStream: fc.Arbitrary<Buffer> = fc
  .tuple(validStream, changesOf(inFrames), changesOf(inBytes))
  .map(([{ frames }, frameChanges, byteChanges]) => {
    return Buffer.from(changed([...encoded(changed(frames, frameChanges))], byteChanges));
  });

/** Frames at random: whatever the order, mostly with a header that can be. */
const randomFrames: fc.Arbitrary<Buffer> = fc
  .array(
    fc.record<FrameParts>({
      opcode: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 0, 1, 2, 8, 9, 10) }, fc.nat(15)),
      fin: fc.boolean(),
      payload: fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.uint8Array({ maxLength: 125 })),
    }),
    { maxLength: 8 },
  )
  .map(encoded);

const validBytes = validStream.map(({ frames }) => encoded(frames));

export const anyStream: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 2, arbitrary: validBytes },
  { weight: 5, arbitrary: mutatedStream },
  { weight: 2, arbitrary: randomFrames },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)) },
);

/** Where to cut a stream, for `cut`; each place is taken modulo the stream's length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(), { maxLength: 12 });
