import process from 'node:process';
import { createInterface } from 'node:readline';
import v8 from 'node:v8';

const questions = {
  gc: () => collectGarbage(),
  memory: () => process.memoryUsage(),
  snapshot: (file) => v8.writeHeapSnapshot(file),
};

/**
 * The part of every server process, in Node, Bun and Deno alike: it prints its port (and `facts`) in one line of
 * JSON on stdout, answers each line on stdin (`gc`, `memory`, `snapshot FILE`) with another, and ends when stdin does.
 */
export function ready(port, facts = {}) {
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const [question, ...words] = line.split(' ');
    say({ answer: questions[question](words.join(' ')) });
  });
  input.on('close', () => process.exit(0));
  say({ port, ...facts });
}

function collectGarbage() {
  if (globalThis.Bun !== undefined) globalThis.Bun.gc(true);
  else globalThis.gc?.();
}

/** The scenario: the server's work for a message, and true for compression. */
export const scenario = process.argv[2];
export const compressed = process.argv[3] === 'compressed';

/** The function for the scenario. @throws Error when the server has none for it */
export function choose(scenarios) {
  const chosen = scenarios[scenario];
  if (chosen === undefined) throw new Error(`this server knows no scenario ${scenario}`);
  return chosen;
}
