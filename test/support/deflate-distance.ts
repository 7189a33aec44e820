/** A slow reader of DEFLATE (RFC 1951) that finds how far references go back. */

const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

type Codes = Map<string, number>;

/** The farthest reference of a message whose last block is the empty stored one of a flush, taken off its tail. */
export function farthestReference(payload: Uint8Array): number {
  const bytes = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
  let bit = 0;
  let farthest = 0;
  const read = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) value |= ((bytes[bit >> 3]! >> (bit & 7)) & 1) << i;
    return value;
  };
  const symbol = (codes: Codes): number => {
    let code = '';
    for (;;) {
      code += read(1);
      const found = codes.get(code);
      if (found !== undefined) return found;
      if (code.length > 15) throw new Error('no such code');
    }
  };
  while (bit + 3 <= bytes.length * 8) {
    read(1);
    const type = read(2);
    if (type === 0) {
      bit = (bit + 7) & ~7;
      const length = read(16);
      read(16);
      bit += length * 8;
      continue;
    }
    const [literals, distances] = type === 1 ? fixedCodes() : dynamicCodes(read, symbol);
    for (let found = symbol(literals); found !== 256; found = symbol(literals)) {
      if (found < 256) continue;
      read(LENGTH_EXTRA[found - 257]!);
      const distance = symbol(distances);
      farthest = Math.max(farthest, DISTANCE_BASE[distance]! + read(DISTANCE_EXTRA[distance]!));
    }
  }
  return farthest;
}

function codesOf(lengths: number[]): Codes {
  const codes: Codes = new Map();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    lengths.forEach((each, index) => {
      if (each === length) codes.set((code++).toString(2).padStart(length, '0'), index);
    });
    code <<= 1;
  }
  return codes;
}

function fixedCodes(): [Codes, Codes] {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return [codesOf(lengths), codesOf(Array<number>(30).fill(5))];
}

function dynamicCodes(read: (count: number) => number, symbol: (codes: Codes) => number): [Codes, Codes] {
  const literals = read(5) + 257;
  const distances = read(5) + 1;
  const count = read(4) + 4;
  const codeLengths = Array<number>(19).fill(0);
  for (let i = 0; i < count; i++) codeLengths[CODE_ORDER[i]!] = read(3);
  const codes = codesOf(codeLengths);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const found = symbol(codes);
    if (found < 16) lengths.push(found);
    else if (found === 16) lengths.push(...Array<number>(3 + read(2)).fill(lengths.at(-1)!));
    else lengths.push(...Array<number>(found === 17 ? 3 + read(3) : 11 + read(7)).fill(0));
  }
  return [codesOf(lengths.slice(0, literals)), codesOf(lengths.slice(literals))];
}
