/** Shorter messages cannot be too heavy. In bytes or characters. */
const LIGHT = 96 * 1024;
const MIB = 1024 * 1024;

/** Bounds for a message of up to 1 MiB. Bounds other than levels grow with a longer message. */
const MAX_LEVELS = 131_072;
const MAX_COLLECTIONS = 350_000;
const MAX_NAMES = 90_000;
/** Those with properties. */
const MAX_OBJECTS = 102_400;
/** Objects whose names keep changing take the longest: where there are more layouts than this, a message may have fewer objects. */
const FEW_LAYOUTS = 1024;
const MAX_OBJECTS_OF_MANY_LAYOUTS = 32_768;

/** Names of an object that are its layout; objects of more are few, as they are long. */
const NAMES_OF_LAYOUT = 8;

/** Chosen anew by each process, so that nobody can choose names that are counted as one. */
const SEED = Math.floor(Math.random() * 2 ** 31);
const FNV_PRIME = 0x01000193;

/**
 * Counts what takes decoders long, before a message is decoded: levels, objects and arrays, different names of properties, and different
 * orders of names in objects. Names are compared by hashes, so a few different ones are counted as one.
 */
export class MessageWeight {
  private readonly scale: number;
  private readonly names: HashSet;
  private readonly layouts = new HashSet(FEW_LAYOUTS);
  private collections = 0;
  private namedObjects = 0;
  private depth = 0;
  /** The hash and the number of the names so far, for each level. */
  private readonly layoutHashes: number[] = [0];
  private readonly nameCounts: number[] = [0];

  private constructor(length: number) {
    this.scale = Math.max(1, length / MIB);
    this.names = new HashSet(MAX_NAMES * this.scale);
  }

  /** `undefined` for a message that is too short to be too heavy. */
  static of(length: number): MessageWeight | undefined {
    return length > LIGHT ? new MessageWeight(length) : undefined;
  }

  /** An object or array begins. @throws RangeError for one too many */
  enter(): void {
    this.refuseOver(MAX_LEVELS, ++this.depth, 'levels');
    this.refuseOver(MAX_COLLECTIONS * this.scale, ++this.collections, 'objects and arrays');
    this.layoutHashes[this.depth] = SEED;
    this.nameCounts[this.depth] = 0;
  }

  /** False where no object or array has begun. */
  leave(): boolean {
    return --this.depth >= 0;
  }

  /** A property of the object that has begun. @throws RangeError for one too many */
  addName(hash: number): void {
    this.names.add(hash);
    this.refuseOver(MAX_NAMES * this.scale, this.names.size, 'different names of properties');
    const { depth } = this;
    const count = ++this.nameCounts[depth]!;
    if (count > NAMES_OF_LAYOUT) return;
    if (count === 1) this.refuseOver(MAX_OBJECTS * this.scale, ++this.namedObjects, 'objects with properties');
    const layout = mixed(Math.imul(this.layoutHashes[depth]! ^ hash, FNV_PRIME));
    this.layoutHashes[depth] = layout;
    this.layouts.add(layout);
    if (this.layouts.size <= FEW_LAYOUTS) return;
    this.refuseOver(MAX_OBJECTS_OF_MANY_LAYOUTS * this.scale, this.namedObjects, 'objects of many layouts');
  }

  private refuseOver(limit: number, count: number, what: string): void {
    if (count > limit) throw new RangeError(`there are more than ${Math.floor(limit)} ${what} in the message`);
  }
}

/** A set of hashes that takes a few of them for others. */
class HashSet {
  size = 0;
  private readonly bits: Uint32Array;

  constructor(capacity: number) {
    this.bits = new Uint32Array(2 ** Math.ceil(Math.log2(capacity / 4)));
  }

  add(hash: number): void {
    const word = (hash >>> 5) & (this.bits.length - 1);
    const bit = 1 << (hash & 31);
    if ((this.bits[word]! & bit) !== 0) return;
    this.bits[word]! |= bit;
    this.size++;
  }
}

export function hashOfText(text: string, start: number, end: number): number {
  let hash = SEED;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return mixed(hash);
}

export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return mixed(hash);
}

/** As MurmurHash3 ends: each bit of the hash changes all others. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
