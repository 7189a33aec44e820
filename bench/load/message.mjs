import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { clientFrame, firstByte, headerLength, payloadLength, serverFrame } from './frames.mjs';
import { countBytes, frameCounter } from './meters.mjs';
import { payloads } from './payloads.mjs';

/** A flush ends with these, which RFC 7692 7.2.1 leaves away. */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const FLUSH = { finishFlush: constants.Z_SYNC_FLUSH };

/**
 * The message that a row sends again and again, and how its answers are known:
 *
 * - `request`: its frame
 * - `replyUnits`: what a connection's meter shows for one answer
 * - `makeMeter`: for each connection
 * - `isReply(bytes)`: whether a connection's first answer has wholly arrived. Throws when it is another message
 */
export function makeMessage({ kind, bytes, compressed }, dialect) {
  const { type, make } = payloads[kind];
  const payload = dialect.wrap(make(bytes));
  return compressed ? deflated(type, payload) : plain(type, payload);
}

function plain(type, payload) {
  const reply = serverFrame(type, payload);
  return {
    request: clientFrame(type, payload),
    replyUnits: reply.length,
    makeMeter: () => countBytes,
    isReply(bytes) {
      if (bytes.length < reply.length) return false;
      if (!bytes.equals(reply)) throw new Error('the server did not answer with the same message');
      return true;
    },
  };
}

/**
 * Whatever the server has agreed to, such a frame is right: it refers to none before it, so that it may be sent any
 * number of times, and to nothing farther back than its own length.
 */
function deflated(type, payload) {
  const first = firstByte(type, true);
  return {
    request: clientFrame(type, deflateRawSync(payload, FLUSH).subarray(0, -TAIL.length), { compressed: true }),
    replyUnits: 1,
    makeMeter: () => frameCounter(first),
    isReply(bytes) {
      if (frameCounter(first)(bytes.length, bytes) === 0) return false;
      const begin = headerLength(bytes);
      const data = bytes.subarray(begin, begin + payloadLength(bytes));
      const inflated = inflateRawSync(Buffer.concat([data, TAIL]), FLUSH);
      if (!inflated.equals(payload)) throw new Error('the answer does not inflate to the message');
      return true;
    },
  };
}
