import { deliver, type TransportReceiver } from '../../src/transport/transport-receiver';

test('an error of onBytes is reported to onFault', () => {
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
