import { startEngine, echo } from '../support/engine';
import { behind, dial, gone, LAYERS } from '../support/layers';
import { v1 } from '../support/proxy-headers';

/** A browser opens connections in advance, and may need none of them. */
describe.each(Object.entries(LAYERS))(
  'a connection that is left idle is no refused handshake, over %s',
  (name, layers) => {
    test.each(['and is cut', 'and closes by itself', 'behind a PROXY header'])('%s', async (way) => {
      const heard: unknown[] = [];
      const proxyProtocol = way === 'behind a PROXY header';
      const engine = await startEngine([echo], {
        ...layers.options,
        proxyProtocol,
        limits: { handshakeTimeoutMs: 300 },
        observer: {
          handshakeRefused: (refusal) => void heard.push(refusal),
          failed: (error) => void heard.push(error),
        },
      });
      const socket = await dial(engine);
      if (proxyProtocol && !name.endsWith('TLS')) socket.write(v1('192.0.2.7'));
      const stream = await layers.reach(
        proxyProtocol && name.endsWith('TLS') ? behind(v1('192.0.2.7'), socket) : socket,
      );
      if (way === 'and closes by itself') stream.end();
      await gone(stream);
      expect(heard).toEqual([]);
    });
  },
);
