import { ConnectionClosedError, ForbiddenError, PortalError } from '../../src';
import { ChannelError } from '../../src/channels/channel-name';
import { unawaited } from '../../src/connection/unawaited';

/** Node tells of rejections that nobody handles when all microtasks are done, and Jest makes the test fail. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('has the same outcome', async () => {
  await expect(unawaited(Promise.resolve(7))).resolves.toBe(7);
  for (const error of [new ChannelError('a name'), new RangeError('a fault')]) {
    await expect(unawaited(Promise.reject(error))).rejects.toBe(error);
  }
  await turns();
});

test.each([
  new ChannelError('a name'),
  new PortalError('history_lost'),
  new ForbiddenError(),
  new ConnectionClosedError(),
  new DOMException('what `@OnSubscribe` awaited was given up', 'AbortError'),
])('%s that nobody handles ends no process', async (error) => {
  void unawaited(Promise.reject(error));
  await turns();
});
