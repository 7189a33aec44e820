import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { clientFrame, firstByte, headerLength, payloadLength, serverFrame } from './frames.mjs';
import { countBytes, frameCounter } from './meters.mjs';
import { payloads } from './payloads.mjs';

/**
 * Messages before the first is sent again: more than DEFLATE's window of 32 KiB holds, so that a server that lets a
 * message refer to those before it does not find the same one there.
 */
const VARIANT_BYTES = 64 * 1024;
/** The end of a flush, which RFC 7692 7.2.1 removes. */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const FLUSH = { finishFlush: constants.Z_SYNC_FLUSH };

/**
 * The message that a row sends again and again, and how its answers are known:
 *
 * - `requests`: its frame, or those of several alike that are to be sent in turn
 * - `replyUnits`: what a connection's meter shows for one answer
 * - `makeMeter`: for each connection
 * - `isReply(bytes)`: true when a connection's first answer, to the first of `requests`, is whole. Throws when it is another message
 */
export function makeMessage({ kind, bytes, compressed }, dialect) {
  const { type, make } = payloads[kind];
  const payloadOf = (variant) => dialect.wrap(make(bytes, variant));
  if (!compressed) return plain(type, payloadOf(0));
  return deflated(
    type,
    Array.from({ length: Math.ceil(VARIANT_BYTES / bytes) }, (_, variant) => payloadOf(variant)),
  );
}

function plain(type, payload) {
  const reply = serverFrame(type, payload);
  return {
    requests: [clientFrame(type, payload)],
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
 * Such frames are valid for every agreement: they refer to none before them, so that they may be sent in
 * any order, and to nothing farther back than their own length.
 */
function deflated(type, payloads) {
  const first = firstByte(type, true);
  const frameOf = (payload) =>
    clientFrame(type, deflateRawSync(payload, FLUSH).subarray(0, -TAIL.length), { compressed: true });
  return {
    requests: payloads.map(frameOf),
    replyUnits: 1,
    makeMeter: () => frameCounter(first),
    isReply(bytes) {
      if (frameCounter(first)(bytes.length, bytes) === 0) return false;
      const begin = headerLength(bytes);
      const data = bytes.subarray(begin, begin + payloadLength(bytes));
      const inflated = inflateRawSync(Buffer.concat([data, TAIL]), FLUSH);
      if (!inflated.equals(payloads[0])) throw new Error('the answer does not inflate to the message');
      return true;
    },
  };
}
