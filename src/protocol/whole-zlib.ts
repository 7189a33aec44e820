import { constants, deflateRaw, deflateRawSync, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { latest, MAX_FINAL_BLOCKS, MAX_HISTORY, storedBlock, TAIL } from './deflate-history';
import { Violations, type Violation } from './violations';

/** One call of zlib and its result: up to the end of the input, or of a final block. */
interface Step {
  readonly input: Buffer;
  readonly options: ZlibOptions;
}
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type Outcome = Inflated | NodeJS.ErrnoException;

const { Z_SYNC_FLUSH } = constants;

/** Jobs at a time: libuv's threads serve the whole process, and are usually four. */
const MOST_JOBS = 8;
let jobs = 0;
const waiting: (() => void)[] = [];

/**
 * Starts a job now or later. Each job returns from its thread for every 16 KiB, and has a zlib context of 256 KiB until
 * it is done: without a bound thousands would have theirs at once.
 */
function begin(job: () => void): void {
  if (jobs < MOST_JOBS) {
    jobs++;
    job();
  } else {
    waiting.push(job);
  }
}

function beginNext(): void {
  const next = waiting.shift();
  if (next === undefined) jobs--;
  else next();
}

/** Inflates a message. `history`, here and below: the bytes that the message may refer back to, at most 32 KiB. */
export function inflateWhole(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation {
  const steps = inflateSteps(message, maxBytes, history);
  let step = steps.next();
  while (step.done !== true) step = steps.next(inflateNow(step.value));
  return step.value;
}

/** Inflates a message in a thread of libuv. `done` is called in a later turn. */
export function inflateLater(
  message: Buffer,
  maxBytes: number,
  history: Buffer,
  done: (inflated: Buffer | Violation) => void,
): void {
  const steps = inflateSteps(message, maxBytes, history);
  const take = (step: IteratorResult<Step, Buffer | Violation>): void => {
    if (step.done === true) {
      beginNext();
      done(step.value);
    } else {
      const { input, options } = step.value;
      inflateRaw(input, options, (error, inflated) => take(steps.next(error ?? (inflated as unknown as Inflated))));
    }
  };
  begin(() => take(steps.next()));
}

/** Deflates a message, without the four bytes of RFC 7692 7.2.1. */
export function deflateWhole(message: Uint8Array, windowBits: number, history: Buffer): Buffer {
  return withoutTail(deflateRawSync(message, deflateOptions(windowBits, history)));
}

/** Deflates a message in a thread of libuv. Undefined when there was no memory for it. */
export function deflateLater(
  message: Uint8Array,
  windowBits: number,
  history: Buffer,
  done: (deflated: Buffer | undefined) => void,
): void {
  begin(() =>
    deflateRaw(message, deflateOptions(windowBits, history), (error, deflated) => {
      beginNext();
      done(error === null ? withoutTail(deflated) : undefined);
    }),
  );
}

export function withoutTail(deflated: Buffer): Buffer {
  // 7.2.3.6: nothing deflates to one byte, an empty stored block without its tail
  return deflated.length <= TAIL.length ? Buffer.from([0]) : deflated.subarray(0, deflated.length - TAIL.length);
}

/**
 * The window size for zlib. It has no window of 256 bytes, but with one of 512 it refers back by 250 at most, which
 * fits (its MAX_DIST).
 */
export function zlibWindowBits(windowBits: number): number {
  return Math.max(9, windowBits);
}

function deflateOptions(windowBits: number, history: Buffer): ZlibOptions {
  const options = { finishFlush: Z_SYNC_FLUSH, windowBits: zlibWindowBits(windowBits) };
  return history.length > 0 ? { ...options, dictionary: history } : options;
}

/** Inflates a message with one call for each final block, after which it may go on (7.2.3.4). */
function* inflateSteps(
  message: Buffer,
  maxBytes: number,
  history: Buffer,
): Generator<Step, Buffer | Violation, Outcome> {
  const chunks: Buffer[] = [];
  let recent = history;
  let total = 0;
  for (let at = 0, finals = 0; message.length - at > (at === 0 ? 0 : TAIL.length); finals++) {
    if (finals > MAX_FINAL_BLOCKS) return Violations.InvalidDeflate;
    const input = Buffer.concat([storedBlock(recent), message.subarray(at)]);
    const maxOutputLength = recent.length + maxBytes - total + 1;
    const outcome: Outcome = yield { input, options: { finishFlush: Z_SYNC_FLUSH, info: true, maxOutputLength } };
    if (!('buffer' in outcome)) {
      return outcome.code === 'ERR_BUFFER_TOO_LARGE' ? Violations.MessageTooBig : Violations.InvalidDeflate;
    }
    const output = outcome.buffer.subarray(recent.length);
    total += output.length;
    if (total > maxBytes) return Violations.MessageTooBig;
    chunks.push(output);
    at += outcome.engine.bytesWritten - (input.length - (message.length - at));
    recent = latest(recent, output, MAX_HISTORY);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function inflateNow({ input, options }: Step): Outcome {
  try {
    return inflateRawSync(input, options) as unknown as Inflated;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
