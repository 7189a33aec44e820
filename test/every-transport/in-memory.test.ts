import type { Engine } from '../../src/engine';
import { createTestApp } from '../../src/testing';
import { MemorySocket } from '../../src/testing/memory-socket';
import { EveryTransportModule, SETTINGS } from './application';
import { behaves } from './behaviour';
import { HANDSHAKE, http1, nothing } from './targets';

behaves('memory', 'HTTP/1.1', async () => {
  const app = await createTestApp(EveryTransportModule, SETTINGS);
  const { engine } = app as unknown as { engine: Engine };
  const dial = async (): Promise<MemorySocket> => {
    const [ours, theirs] = MemorySocket.pair();
    engine.serve(theirs);
    return ours;
  };
  return { app, handshake: HANDSHAKE, ...http1(dial, 'localhost'), close: nothing };
});
