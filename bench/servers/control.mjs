import { constants, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import v8 from 'node:v8';

const questions = {
  gc: () => collectGarbage(),
  memory: () => process.memoryUsage(),
  collections: () => countCollections(),
  snapshot: (file) => v8.writeHeapSnapshot(file),
};

/**
 * The part of every server process, in Node, Bun and Deno alike: it prints its port (and `facts`) in one line of
 * JSON on stdout, answers each line on stdin (`gc`, `memory`, `collections`, `snapshot FILE`) with another, and ends when stdin does.
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

let collections;

/** Full collections since the first call. Undefined where the runtime does not tell. */
function countCollections() {
  if (globalThis.Bun !== undefined) return undefined;
  if (collections === undefined) {
    collections = 0;
    const count = ({ detail }) => void (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR && collections++);
    new PerformanceObserver((list) => list.getEntries().forEach(count)).observe({ entryTypes: ['gc'] });
  }
  return collections;
}

/** Most bytes of a message, for every server. */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/** Portal's limits: room for a large message on each connection. */
export const LIMITS = { maxMessageBytes: MAX_MESSAGE_BYTES, maxTotalBufferedBytes: 64 * MAX_MESSAGE_BYTES };

const [, , ...words] = process.argv;
/** The scenario: the server's work for a message; true for compression, and for the heap of an application. */
export const scenario = words[0];
export const compressed = words.includes('compressed');
export const inApplication = words.includes('application');

/** The function for the scenario. @throws Error when the server has none for it */
export function choose(scenarios) {
  const chosen = scenarios[scenario];
  if (chosen === undefined) throw new Error(`this server knows no scenario ${scenario}`);
  return chosen;
}
