/** Writes DEFLATE (RFC 1951) by hand, block by block, since zlib writes no bad or unusual blocks. */
export class Blocks {
  private readonly bits: number[] = [];

  /** A stored block. */
  stored(bytes: Uint8Array, final = false): this {
    this.header(final, 0).align();
    for (const field of [bytes.length, ~bytes.length & 0xffff]) this.number(field, 16);
    for (const byte of bytes) this.number(byte, 8);
    return this;
  }

  /** A block of literals with the fixed codes. */
  fixed(text: string, final = false): this {
    this.header(final, 1);
    for (const byte of Buffer.from(text, 'latin1')) {
      if (byte < 144) this.code(0x30 + byte, 8);
      else this.code(0x190 + byte - 144, 9);
    }
    return this.code(0, 7);
  }

  /** A block of one reference: 258 bytes from 16385 to 32768 back, or from 2^n back. */
  reference(distance: number, final = false): this {
    this.header(final, 1).code(0xc5, 8);
    const symbol = DISTANCES.findLastIndex((base) => base <= distance);
    return this.code(symbol, 5)
      .number(distance - DISTANCES[symbol]!, Math.max(0, (symbol >> 1) - 1))
      .code(0, 7);
  }

  /** Fills up to a byte, as the end of a final block needs it (RFC 7692 7.2.1). */
  align(): this {
    while (this.bits.length % 8 !== 0) this.bits.push(0);
    return this;
  }

  /** The end of a message: an empty stored block without its four bytes (RFC 7692 7.2.1). */
  message(): Buffer {
    this.header(false, 0).align();
    return this.bytes();
  }

  /** The bytes until now. */
  bytes(): Buffer {
    this.align();
    const bytes = Buffer.alloc(this.bits.length / 8);
    this.bits.forEach((bit, index) => (bytes[index >> 3]! |= bit << (index & 7)));
    return bytes;
  }

  header(final: boolean, type: number): this {
    return this.number(final ? 1 : 0, 1).number(type, 2);
  }

  /** Least significant bit first. */
  number(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.bits.push((value >> bit) & 1);
    return this;
  }

  /** A Huffman code: most significant bit first. */
  code(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.bits.push((value >> bit) & 1);
    return this;
  }
}

const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
