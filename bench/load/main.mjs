import { setTimeout as sleep } from 'node:timers/promises';
import { runBroadcast } from './broadcast.mjs';
import { openAll } from './client.mjs';
import { runEcho } from './echo.mjs';
import { clientFrame, makePayload, serverFrame } from './frames.mjs';
import { runHandshakes } from './handshakes.mjs';

// The load generator: a process of its own for each server, told over IPC what to do.

const QUIET_MS = 50;

let clients = [];
let message;

const methods = {
  async connect({ port, path, connections }) {
    clients = await openAll(port, path, connections);
  },

  /** Prepares the message of this row and sees that the server answers it, byte for byte, with the same payload. */
  async prepare({ kind, bytes }) {
    const payload = makePayload(kind, bytes);
    const reply = serverFrame(kind, payload);
    message = { request: clientFrame(kind, payload), replyBytes: reply.length };
    const [client] = clients;
    const chunks = [];
    client.onBytes = (count, buffer) => chunks.push(Buffer.from(buffer.subarray(0, count)));
    client.write(message.request);
    for (let waits = 0; waits < 100 && Buffer.concat(chunks).length < reply.length; waits++) await sleep(QUIET_MS);
    await sleep(QUIET_MS);
    if (!Buffer.concat(chunks).equals(reply)) throw new Error('the server did not answer with the same message');
  },

  echo: (options) => runEcho(clients, { ...options, ...message }),
  broadcast: (options) => runBroadcast(clients, { ...options, ...message }),
  handshakes: (options) => runHandshakes(options),

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
