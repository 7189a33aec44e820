import fc from 'fast-check';

const WHOLE_NUMBERS = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];

/** Names that a careless merge must not see, and others. */
export const anyKey = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString') },
);

/** What `JSON.parse` may give, dangerous names and all. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, 0, '', '__proto__'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(anyKey, tie('value')), { maxLength: 3 })
      .map((entries) => JSON.parse(`{${entries.map(([key, value]) => member(key, value)).join()}}`) as unknown),
  ),
})).value;

function member(key: string, value: unknown): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

/** The same question as `hasUnsafeKeys` answers, asked in the simplest way. */
export function reachesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => {
    const isConstructor = key === 'constructor' && !Array.isArray(value) && typeof inner === 'object';
    return (
      (key === '__proto__' && !Array.isArray(value)) ||
      (isConstructor && inner !== null && Object.keys(inner as object).includes('prototype')) ||
      reachesPrototype(inner)
    );
  });
}

/** MessagePack's integers have no -0. */
const anyNumber = fc.oneof(fc.constantFrom(...WHOLE_NUMBERS), fc.maxSafeInteger(), fc.double()).map((n) => n + 0);

/** Values that MessagePack and JavaScript both have, whatever their size. */
export const packable: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false),
    anyNumber,
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 20 }),
  ),
})).value;

const bytes = (...octets: number[]): Buffer => Buffer.from(octets);

/** The length that a format's first byte declares, in so many bytes. */
function length(size: 1 | 2 | 4, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeUIntBE(value, 0, size);
  return buffer;
}

const sized = (first: number, size: 1 | 2 | 4, between = 0): fc.Arbitrary<Buffer> =>
  fc
    .uint8Array({ maxLength: 40 })
    .map((payload) => Buffer.concat([bytes(first), length(size, payload.length), Buffer.alloc(between, 5), payload]));

const fixed = (first: number, count: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: count, maxLength: count }).map((payload) => Buffer.concat([bytes(first), payload]));

const pairs = (items: Buffer[]): Buffer[] => items.slice(items.length % 2);

/** One whole value in any format of the specification, also such as no encoder of ours writes. */
export const anyPacked: fc.Arbitrary<Buffer> = fc.letrec<{ value: Buffer; items: Buffer[] }>((tie) => ({
  items: fc.array(tie('value'), { maxLength: 8 }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.integer({ min: 0xe0, max: 0x17f }), fc.constantFrom(0xc0, 0xc2, 0xc3)).map((first) => bytes(first)),
    fc.nat(31).chain((count) => fixed(0xa0 + count, count)),
    ...[0xc4, 0xd9].flatMap((first) => ([1, 2, 4] as const).map((size, i) => sized(first + i, size))),
    ...([1, 2, 4] as const).map((size, i) => sized(0xc7 + i, size, 1)),
    ...[1, 2, 4, 8, 16].map((count, i) => fixed(0xd4 + i, 1 + count)),
    ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8].map((count, i) => fixed(0xca + i, count)),
    tie('items').map((items) => Buffer.concat([bytes(0x90 + items.length), ...items])),
    tie('items').map((items) => Buffer.concat([bytes(0xdc), length(2, items.length), ...items])),
    tie('items').map((items) => Buffer.concat([bytes(0xdd), length(4, items.length), ...items])),
    tie('items').map((items) => Buffer.concat([bytes(0x80 + (items.length >> 1)), ...pairs(items)])),
    tie('items').map((items) => Buffer.concat([bytes(0xde), length(2, items.length >> 1), ...pairs(items)])),
    tie('items').map((items) => Buffer.concat([bytes(0xdf), length(4, items.length >> 1), ...pairs(items)])),
  ),
})).value;
