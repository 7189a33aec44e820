import { setTimeout as sleep } from 'node:timers/promises';
import { runBroadcast } from './broadcast.mjs';
import { openAll } from './client.mjs';
import { dialects } from './dialects.mjs';
import { runEcho } from './echo.mjs';
import { runHandshakes } from './handshakes.mjs';
import { makeMessage } from './message.mjs';
import { runOnce } from './once.mjs';
import { Soak } from './soak.mjs';

// The load generator: a process of its own for each server, told over IPC what to do.

const QUIET_MS = 50;
const ANSWER_MS = 5000;

let clients = [];
let dialect;
let message;
let soak;

const methods = {
  async connect({ port, connections, speaks = 'plain' }) {
    dialect = dialects[speaks];
    clients = await openAll(port, dialect, connections);
  },

  /**
   * Prepares the message of this row: `kind` and `bytes` of its payload, whether it is `compressed`. Sees that the
   * server answers it with the same one, byte for byte, or compressed as it came.
   */
  async prepare(options) {
    message = makeMessage(options, dialect);
    const [client] = clients;
    const answer = [];
    const isReply = () => message.isReply(Buffer.concat(answer));
    client.meter = (count, buffer) => void answer.push(Buffer.from(buffer.subarray(0, count)));
    client.write(message.requests[0]);
    const deadline = performance.now() + ANSWER_MS;
    do {
      if (performance.now() > deadline) throw new Error('the server did not answer with a whole message');
      await sleep(QUIET_MS);
    } while (!isReply());
    // answers to the others, and what is too much
    await sleep(QUIET_MS);
    isReply();
    for (const client of clients) client.meter = message.makeMeter();
  },

  echo: (options) => runEcho(clients, { ...options, ...message }),
  broadcast: (options) => runBroadcast(clients, { ...options, ...message }),
  once: (options) => runOnce(clients, { ...options, ...message }),
  handshakes: (options) => runHandshakes(options),

  startSoak: ({ everyMs }) => void (soak = new Soak(clients, everyMs)),
  warmSoak: () => soak.warm(),
  sampleSoak: () => soak.sample(),
  stopSoak: () => soak.stop(),

  /** Cuts all connections. */
  disconnect() {
    for (const client of clients.splice(0)) {
      client.onGone = () => {};
      client.socket.destroy();
    }
  },
};

process.on('message', async ({ method, options }) => {
  try {
    process.send({ result: await methods[method](options) });
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('uncaughtException', (error) => {
  process.send({ error: error.message }, () => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
