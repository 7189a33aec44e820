import { headerLength, payloadLength } from './frames.mjs';

// A meter counts the answers of one connection: called for each read, it returns the amount that came with it.

/** For answers whose length is known. */
export const countBytes = (count) => count;

/**
 * For answers whose length depends on those before: counts frames.
 * The meter throws on a frame that does not begin with `first`, such as one that is not compressed, or a fragment.
 */
export function frameCounter(first) {
  const header = Buffer.alloc(10);
  let held = 0;
  let missing = 0;
  return (count, buffer) => {
    let frames = 0;
    let at = 0;
    while (at < count) {
      if (missing > 0) {
        const some = Math.min(missing, count - at);
        at += some;
        missing -= some;
      } else {
        header[held++] = buffer[at++];
        if (held < 2 || held < headerLength(header)) continue;
        if (header[0] !== first) throw new Error(`an answer begins with ${header[0]}, and not with ${first}`);
        missing = payloadLength(header);
        held = 0;
      }
      if (missing === 0) frames++;
    }
    return frames;
  };
}
