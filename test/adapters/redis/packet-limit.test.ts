import { ErrorReply } from 'redis';
import { packetLimit } from '../../../src/adapters/redis/packet-limit';

const MIB = 1024 * 1024;
const AROUND = 4096;

/** A server with these settings; it refuses to tell others. */
const server = (settings: Record<string, string>) => ({
  configGet(name: string): Promise<Record<string, unknown>> {
    if (name in settings) return Promise.resolve({ [name]: Buffer.from(settings[name]!) });
    return Promise.reject(new ErrorReply('NOPERM no'));
  },
});

const usual = {
  'proto-max-bulk-len': String(512 * MIB),
  'client-query-buffer-limit': String(1024 * MIB),
  'client-output-buffer-limit': `normal 0 0 0 slave 268435456 67108864 60 pubsub ${32 * MIB} 8388608 60`,
};

test.each([
  [usual, 24 * MIB],
  [{ ...usual, 'client-output-buffer-limit': 'normal 0 0 0 slave 1 1 60 pubsub 0 0 0' }, 512 * MIB - 1],
  [{ ...usual, 'proto-max-bulk-len': String(MIB) }, MIB - 1],
  [{ ...usual, 'client-query-buffer-limit': String(MIB) }, MIB - AROUND],
  // what is not told may be as it is by default
  [{ 'proto-max-bulk-len': String(MIB) }, MIB - 1],
  [{}, 24 * MIB],
])('%j', async (settings, most) => {
  expect(await packetLimit(server(settings as Record<string, string>))).toBe(most);
});

test('a connection that ends is no answer', async () => {
  const gone = new Error('the socket closed');
  await expect(packetLimit({ configGet: () => Promise.reject(gone) })).rejects.toBe(gone);
});
