import { PLAIN } from '../../src/binding/context';
import { replyError, replyNow } from '../../src/binding/reply';
import { JsonCodec, PortalError, type Connection } from '../../src/engine';

test('what is no event has no name, and is owed no answer', () => {
  const sent: unknown[] = [];
  const connection = {
    codec: new JsonCodec(),
    send: (message: unknown) => sent.push(message),
  } as unknown as Connection;
  expect(replyNow(connection, undefined, PLAIN)).toBe(true);
  expect(replyNow(connection, 'x', PLAIN)).toBe(true);
  replyError(connection, new PortalError('forbidden', 'no'), PLAIN);
  expect(sent).toEqual(['x', '{"error":{"code":"forbidden","message":"no"}}']);
});
