import { deflateLater, deflateWhole, inflateLater, inflateWhole } from '../../src/protocol/whole-zlib';
import { Violations } from '../../src/protocol';
import { deflateMessage, inflateMessage } from '../support/deflate';

const NONE = Buffer.alloc(0);
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const TEXT = Buffer.from('portal '.repeat(20_000));
const asSent = (payload: Buffer): Buffer => Buffer.concat([payload, TAIL]);
const inflatedLater = (...[message, most, history]: Parameters<typeof inflateWhole>) =>
  new Promise((resolve) => inflateLater(message, most, history, resolve));
const deflatedLater = (...[message, bits, history]: Parameters<typeof deflateWhole>) =>
  new Promise<Buffer | undefined>((resolve) => deflateLater(message, bits, history, resolve));

test.each<[string, Buffer, number]>([
  ['a message', asSent(deflateMessage(TEXT)), TEXT.length],
  ['an empty one', asSent(Buffer.from([0])), 10],
  ['one of two final blocks', asSent(Buffer.concat([finalBlock('a'), finalBlock('b')])), 10],
  ['one that is too long by a byte', asSent(deflateMessage(TEXT)), TEXT.length - 1],
  ['one that is corrupt', Buffer.from([0xff, 0xff]), 10],
])('now and later give the same for %s', async (_, message, most) => {
  expect(await inflatedLater(message, most, NONE)).toEqual(inflateWhole(message, most, NONE));
});

test('messages that are too large or corrupt are refused', async () => {
  expect(await inflatedLater(asSent(deflateMessage(TEXT)), TEXT.length - 1, NONE)).toBe(Violations.MessageTooBig);
  expect(await inflatedLater(Buffer.from([0xff, 0xff]), 10, NONE)).toBe(Violations.InvalidDeflate);
  expect(inflateWhole(asSent(Buffer.concat([finalBlock('a'), finalBlock('b')])), 10, NONE)).toEqual(Buffer.from('ab'));
});

test.each([9, 15])('with a window of 2^%d, and a history that both sides have', async (windowBits) => {
  const history = TEXT.subarray(0, 2 ** windowBits);
  for (const deflated of [deflateWhole(TEXT, windowBits, history), await deflatedLater(TEXT, windowBits, history)]) {
    expect(inflateMessage(deflated!, { dictionary: history })).toEqual(TEXT);
    expect(await inflatedLater(asSent(deflated!), TEXT.length, history)).toEqual(TEXT);
  }
});

/** A stored block with BFINAL (RFC 1951 3.2.4). */
function finalBlock(text: string): Buffer {
  return Buffer.from([1, text.length, 0, ~text.length & 0xff, 0xff, ...Buffer.from(text)]);
}
