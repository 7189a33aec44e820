import process from 'node:process';

/**
 * What every server process has in common, in Node, Bun and Deno alike: it tells its port (and `facts`) in one line of
 * JSON on stdout, collects garbage when a line arrives on stdin, and ends when stdin does.
 */
export function ready(port, facts = {}) {
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  process.stdin.on('data', () => {
    collectGarbage();
    say({ collected: true });
  });
  process.stdin.on('end', () => process.exit(0));
  say({ port, ...facts });
}

function collectGarbage() {
  if (globalThis.Bun !== undefined) globalThis.Bun.gc(true);
  else globalThis.gc?.();
}

/** What the server shall do with a message: the first argument of its command line. */
export const scenario = process.argv[2];

/** The function for the scenario. @throws Error when the server has none for it */
export function choose(scenarios) {
  const chosen = scenarios[scenario];
  if (chosen === undefined) throw new Error(`this server knows no scenario ${scenario}`);
  return chosen;
}
