import { SharedMessage } from '../../src/connection/shared-message';
import { PerMessageDeflate } from '../../src/protocol';
import { PortableCodec } from '../../src/protocol/deflate-codec';
import { readServerFrame } from '../support/frames';

const codec = new PortableCodec();
const deflateWith = (serverMaxWindowBits: number, serverNoContextTakeover = true): PerMessageDeflate =>
  new PerMessageDeflate(codec, {
    serverMaxWindowBits,
    serverNoContextTakeover,
    clientNoContextTakeover: true,
    clientMaxWindowBits: 15,
  });

test('it is encoded once', () => {
  const message = new SharedMessage('hé');
  expect(message.length).toBe(3);
  expect(message.plainFrame()).toBe(message.plainFrame());
  expect(readServerFrame(message.plainFrame())!.frame).toMatchObject({ opcode: 1, payload: Buffer.from('hé') });
  expect(readServerFrame(new SharedMessage(new Uint8Array([1])).plainFrame())!.frame.opcode).toBe(2);
});

test('it is compressed once for each window, and for each connection that keeps a context', () => {
  const message = new SharedMessage('portal '.repeat(100));
  const spy = jest.spyOn(codec, 'deflate');
  const first = message.compressedFrame(deflateWith(15));
  expect(message.compressedFrame(deflateWith(15))).toBe(first);
  expect(message.compressedFrame(deflateWith(9))).not.toBe(first);
  expect(spy).toHaveBeenCalledTimes(2);
  message.compressedFrame(deflateWith(15, false));
  message.compressedFrame(deflateWith(15, false));
  expect(spy).toHaveBeenCalledTimes(4);
});

test.each([5, null, undefined, {}, [1], new Blob(['x'])])('%p is no message', (message) => {
  expect(() => new SharedMessage(message)).toThrow(
    new TypeError('a message must be a string, an ArrayBuffer or a view of one'),
  );
});
