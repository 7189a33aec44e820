import { decodeEnvelope, JsonCodec, MessagePackCodec } from '../../src/messages';

const json = new JsonCodec();

test('an envelope is any object that the codec reads', () => {
  expect(decodeEnvelope(json, '{"event":"e","data":1,"id":7}')).toEqual({ event: 'e', data: 1, id: 7 });
  expect(decodeEnvelope(json, '{}')).toEqual({});
  const packed = new MessagePackCodec();
  expect(decodeEnvelope(packed, packed.encode({ event: 'e' }))).toEqual({ event: 'e' });
});

test.each(['', '{', 'null', '5', '"s:1"', '{"__proto__":1}'])('there is none in %j', (message) => {
  expect(decodeEnvelope(json, message)).toBeUndefined();
});
