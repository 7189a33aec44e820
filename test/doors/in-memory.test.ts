import type { Engine } from '../../src/engine';
import { createTestApp } from '../../src/testing';
import { MemorySocket } from '../../src/testing/memory-socket';
import { DoorsModule, SETTINGS } from './application';
import { behaves } from './behaviour';
import { HANDSHAKE, http1, nothing } from './ways';

behaves('memory', 'HTTP/1.1', async () => {
  const app = await createTestApp(DoorsModule, SETTINGS);
  const { engine } = app as unknown as { engine: Engine };
  const dial = async (): Promise<MemorySocket> => {
    const [ours, theirs] = MemorySocket.pair();
    engine.serve(theirs);
    return ours;
  };
  return { app, handshake: HANDSHAKE, ...http1(dial, 'localhost'), close: nothing };
});
