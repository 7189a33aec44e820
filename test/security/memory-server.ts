import { randomBytes } from 'node:crypto';
import { Engine, type EngineOptions } from 'portal-ws/engine';

/** An engine in a process of its own, so that its memory is not that of the tests. `server-process.ts` compiles it. */

/** Commands of a test. The process answers each with its memory afterwards. */
export interface Question {
  /** Waits until so many bytes of frames were read in all. */
  untilRead?: number;
  /** Sends so many messages of this length at once, to each connection in turn. */
  send?: { count: number; length: number };
}

export interface Memory {
  /** Bytes in use on V8's heap, and outside of it by buffers, after garbage collection. */
  heap: number;
  external: number;
  /** The most of both together since the last question, with garbage. Read at each message and each broken rule. */
  peak: number;
  connections: number;
  /** Bytes that wait for peers. */
  buffered: number;
  /** Bytes of frames in all, read from sockets and written to them. */
  read: number;
  written: number;
}

let read = 0;
let written = 0;
let peak = 0;
let onRead = (): void => {};

const inUse = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const notePeak = (): void => void (peak = Math.max(peak, inUse()));

async function memory(engine: Engine): Promise<Memory> {
  const most = peak;
  // one collection does not free all
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise(setImmediate);
  }
  const { heapUsed: heap, external } = process.memoryUsage();
  peak = heap + external;
  const buffered = [...engine.connections].reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
  return { heap, external, peak: most, connections: engine.connections.size, buffered, read, written };
}

function send(engine: Engine, { count, length }: { count: number; length: number }): void {
  const connections = [...engine.connections];
  // compresses to half, which soon is more than the kernel takes for one peer
  const messages = Array.from({ length: 16 }, () =>
    randomBytes(512)
      .toString('hex')
      .repeat(length / 1024),
  );
  for (let i = 0; i < count; i++) connections[i % connections.length]!.send(messages[i % messages.length]!);
  notePeak();
}

async function answer(engine: Engine, { untilRead = 0, send: sending }: Question): Promise<void> {
  while (read < untilRead) await new Promise<void>((resolve) => (onRead = resolve));
  if (sending !== undefined) send(engine, sending);
  process.send!(await memory(engine));
}

const engine = new Engine({
  port: 0,
  host: '127.0.0.1',
  heartbeat: false,
  observer: {
    bytesRead(_connection, bytes) {
      read += bytes;
      onRead();
    },
    bytesWritten: (_connection, bytes) => void (written += bytes),
    received: notePeak,
    violated: notePeak,
  },
  ...(JSON.parse(process.argv[2]!) as EngineOptions),
});

engine.add({
  path: '/',
  // short messages are kept and echoed; for long ones the answer is their length
  text(connection, text) {
    if (text.length < 100) connection.data = text;
    connection.send(text.length < 100 ? text : String(text.length));
  },
  binary(connection, bytes) {
    if (bytes.length < 100) connection.data = bytes;
    connection.send(bytes.length < 100 ? bytes : String(bytes.length));
  },
});

void engine.listen().then(() => {
  process.on('message', (question: Question) => void answer(engine, question));
  process.send!(engine.url);
});
