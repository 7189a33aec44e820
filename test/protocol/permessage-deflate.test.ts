import { PortableCodec } from '../../src/protocol/deflate-codec';
import { PerMessageDeflate, type DeflateParameters } from '../../src/protocol/permessage-deflate';
import { deflateMessage, inflateMessage } from '../support/deflate';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const NO_TAKEOVER: DeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

function deflateWith(parameters: Partial<DeflateParameters>): PerMessageDeflate {
  return new PerMessageDeflate(new PortableCodec(), { ...NO_TAKEOVER, ...parameters });
}

const received = (deflate: PerMessageDeflate, payload: Buffer): string =>
  (deflate.inflate(Buffer.concat([payload, TAIL]), 100_000) as Buffer).toString();

test('without takeover each message stands alone, in both directions', () => {
  const deflate = deflateWith({});
  const first = deflate.deflate(Buffer.from('portal'));
  expect(deflate.deflate(Buffer.from('portal'))).toEqual(first);
  expect(received(deflate, deflateMessage('Hello'))).toBe('Hello');
  expect(deflate.inflate(Buffer.from('f2001100000000ffff', 'hex'), 100)).toHaveProperty('closeCode', 1007);
});

test('the client’s messages may refer back, where that was agreed on (RFC 7692 7.2.3.2)', () => {
  const deflate = deflateWith({ clientNoContextTakeover: false });
  expect(received(deflate, deflateMessage('Hello'))).toBe('Hello');
  expect(received(deflate, Buffer.from('f200110000', 'hex'))).toBe('Hello');
});

test('pieces of a streamed message count as received', () => {
  const deflate = deflateWith({ clientNoContextTakeover: false });
  deflate.remember(Buffer.from('Hel'));
  deflate.remember(Buffer.from('lo'));
  expect(received(deflate, Buffer.from('f200110000', 'hex'))).toBe('Hello');
});

test('our messages refer back, and no farther than the window', () => {
  const deflate = deflateWith({ serverNoContextTakeover: false, serverMaxWindowBits: 9 });
  let history = Buffer.alloc(0);
  for (let i = 0; i < 200; i++) {
    const message = Buffer.from(`{"event":"tick","data":${i * 7919}}`);
    const payload = deflate.deflate(message);
    deflate.rememberSent(message);
    // a client with a window of 512 bytes knows no more than this
    expect(inflateMessage(payload, { dictionary: history.subarray(-512), windowBits: 9 })).toEqual(message);
    history = Buffer.concat([history, message]);
  }
  expect(deflate.deflate(Buffer.from('{"event":"tick","data":1}')).length).toBeLessThan(20);
});

test('a message that is refused is not referred back to', () => {
  const deflate = deflateWith({ clientNoContextTakeover: false });
  expect(deflate.inflate(Buffer.concat([deflateMessage('Hello'), TAIL]), 3)).toHaveProperty('closeCode', 1009);
  expect(deflate.inflate(Buffer.from('f2001100000000ffff', 'hex'), 100)).toHaveProperty('closeCode', 1007);
});
