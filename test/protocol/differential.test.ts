import type { Writable } from 'node:stream';
import fc from 'fast-check';
import WebSocket from 'ws';
import { clientFrame } from '../support/frames';
import { anyStream, cuts, mutatedStream } from './arbitraries';
import { bytes, cut, hex, type Outcome, read, runs } from './support';

const LIMITS = { maxMessageBytes: 1000, maxEmptyFragments: 3 };

const { Receiver } = WebSocket as unknown as { Receiver: new (options: object) => Writable };

/** What ws's receiver makes of the bytes; its violations have the name of its error and its close code. */
async function readWithWs(input: Uint8Array): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const options = { isServer: true, maxPayload: LIMITS.maxMessageBytes, skipUTF8Validation: false };
  const receiver = new Receiver(options)
    .on('message', (data: Buffer, isBinary: boolean) => {
      outcomes.push(isBinary ? ['binary', hex(data)] : ['text', data.toString()]);
    })
    .on('ping', (data: Buffer) => outcomes.push(['ping', hex(data)]))
    .on('pong', (data: Buffer) => outcomes.push(['pong', hex(data)]))
    .on('conclude', (code: number, reason: Buffer) => outcomes.push(['close', code, reason.toString()]))
    .on('error', () => {});
  const error = await new Promise<object | null | undefined>((resolve) => receiver.write(Buffer.from(input), resolve));
  if (!error) return outcomes;
  const statusCode = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code')!;
  const { code, [statusCode]: closeCode } = error as Record<string | symbol, unknown>;
  return [...outcomes, ['violation', code as string, closeCode as number]];
}

interface Case {
  input: Uint8Array;
  ours: Outcome[];
  theirs: Outcome[];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const withoutNames = (outcomes: Outcome[]): unknown[] =>
  outcomes.map((outcome) => (outcome[0] === 'violation' ? [outcome[0], outcome[2]] : outcome));

/** We find this at a place where ws goes on: up to it, all was the same. */
const weFailEarlier = ({ ours, theirs }: Case, name: string): boolean => {
  const before = ours.slice(0, -1);
  return ours.at(-1)?.[1] === name && same(before, theirs.slice(0, before.length));
};

/** What ws reports next for the message that we have refused. */
const nextButControl = ({ ours, theirs }: Case): string =>
  theirs.slice(ours.length - 1).find(([kind]) => kind !== 'ping' && kind !== 'pong')?.[0] ?? 'nothing';

const KNOWN_DIFFERENCES: { what: string; applies: (of: Case) => boolean }[] = [
  {
    // our decision: text fails at the first byte that proves it invalid
    what: 'ws judges UTF-8 when the message has ended, and so reads on, or finds another fault first',
    applies: (of) => weFailEarlier(of, 'InvalidUtf8') && !['text', 'binary'].includes(nextButControl(of)),
  },
  {
    // RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length"
    what: 'ws accepts lengths that are not encoded minimally',
    applies: (of) => weFailEarlier(of, 'LengthNotMinimal'),
  },
  {
    // our decision: 128 empty fragments in a row (here 3); ws has a limit for all fragments, off by default
    what: 'ws accepts any number of empty fragments',
    applies: (of) => weFailEarlier(of, 'EmptyFragments'),
  },
  {
    // RFC 6455 5.2: "the most significant bit MUST be 0"
    what: 'ws calls a length with its top bit set too big (1009), we call it a protocol error (1002)',
    applies: ({ ours, theirs }) =>
      ours.at(-1)?.[1] === 'LengthTopBit' &&
      theirs.at(-1)?.[1] === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH' &&
      same(ours.slice(0, -1), theirs.slice(0, -1)),
  },
  {
    what: 'ws judges the first byte of a header with the second, which is not there yet',
    applies: ({ input, ours, theirs }) =>
      ours.at(-1)?.[0] === 'violation' &&
      same(ours.slice(0, -1), theirs) &&
      same(read(input.subarray(0, -1), LIMITS), theirs),
  },
  {
    what: 'ws judges a Close frame of one byte by its header, we when that byte is there',
    applies: ({ input, ours, theirs }) =>
      theirs.at(-1)?.[1] === 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH' &&
      same(ours, theirs.slice(0, -1)) &&
      [1, 2, 3, 4, 5].some((missing) =>
        same(read(Buffer.concat([input, Buffer.alloc(missing)]), LIMITS), [
          ...ours,
          ['violation', 'InvalidCloseLength', 1002],
        ]),
      ),
  },
];

async function compare(input: Uint8Array, chunks: Uint8Array[] = [input]): Promise<string> {
  const ours = read(chunks, LIMITS);
  const theirs = await readWithWs(input);
  if (same(withoutNames(ours), withoutNames(theirs))) return 'the same';
  const known = KNOWN_DIFFERENCES.find(({ applies }) => applies({ input, ours, theirs }));
  if (known === undefined) expect(ours).toEqual(theirs);
  return known?.what ?? 'unknown';
}

test.each([
  ['mutated streams', mutatedStream],
  ['streams of all kinds', anyStream],
])(
  'ws reports the same messages, control frames and close codes for %s',
  async (_which, stream) => {
    const property = fc.asyncProperty(stream, cuts, async (input, places) => {
      const at = places.map((place) => place % Math.max(input.length, 1));
      await compare(input, cut(input, at));
    });
    const numRuns = Math.ceil(runs(2000) / 4);
    await fc.assert(property, { numRuns, seed: 6455 });
    await fc.assert(property, { numRuns });
  },
  600_000,
);

test.each<[number, Buffer]>([
  [0, clientFrame({ opcode: 1, fin: false, payload: bytes('ff') })],
  [1, clientFrame({ opcode: 1, payload: 'a', lengthBytes: 2 })],
  [2, Buffer.concat([1, 0, 0, 0].map((opcode) => clientFrame({ opcode, fin: false })))],
  [3, clientFrame({ opcode: 2, declared: 2n ** 63n })],
  [4, bytes('83')],
  [5, clientFrame({ opcode: 8, payload: 'a' }).subarray(0, 2)],
])('known difference %d is there', async (index, input) => {
  expect(await compare(input)).toBe(KNOWN_DIFFERENCES[index]!.what);
});
