import { deliver, type TransportReceiver } from '../../src/transport/transport-receiver';

test('what a receiver throws for bytes is told to it as a fault', () => {
  const failure = new Error('cannot read that');
  const faults: unknown[] = [];
  const receiver = {
    onBytes() {
      throw failure;
    },
    onFault: (error: unknown) => void faults.push(error),
  } as unknown as TransportReceiver;
  deliver(receiver, Buffer.from('ab'), 1);
  expect(faults).toEqual([failure]);
});
