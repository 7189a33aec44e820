import { open } from './client.mjs';
import { dialects } from './dialects.mjs';
import { clientFrame } from './frames.mjs';

const CLOSE = clientFrame('close', Buffer.from([0x03, 0xe8]));

/** Connects, upgrades and closes in `lanes` lanes for `durationMs`. Resolves with the number of connections. */
export async function runHandshakes({ port, durationMs, lanes }) {
  const deadline = performance.now() + durationMs;
  let done = 0;
  const lane = async () => {
    while (performance.now() < deadline) {
      const client = await open(port, dialects.plain);
      await new Promise((resolve) => {
        client.onGone = resolve;
        client.write(CLOSE);
      });
      done++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return done;
}
