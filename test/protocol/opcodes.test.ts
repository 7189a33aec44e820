import { FIN, MAX_CONTROL_PAYLOAD, Opcode } from '../../src/protocol';

test('the numbers are those of RFC 6455 5.2 and 5.5', () => {
  expect(Opcode).toEqual({ Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 });
  expect([FIN, MAX_CONTROL_PAYLOAD]).toEqual([0x80, 125]);
});
