import type { CloseInfo, Connection, Endpoint, Engine, EngineOptions } from '../../src/engine';
import { deferred, startEngine } from '../support/engine';
import { BINARY, ping, PONG, TEXT, type ServerFrame } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient, type HttpAnswer } from '../support/raw-client';

/** A client over TCP, and the server's record of its connection. Time stands still, so no time-out helps. */
export interface Peer {
  readonly client: RawClient;
  readonly connection: Connection;
  readonly engine: Engine;
  /** The headers of the answer to the handshake. */
  readonly headers: HttpAnswer['headers'];
  /** Messages that reached the endpoint. */
  readonly messages: (string | Buffer)[];
  /** Names of the rules that the observer saw broken. */
  readonly violations: string[];
  readonly closed: Promise<CloseInfo>;
}

export interface Setting {
  /** Hooks that replace those of an endpoint that echoes; `undefined` removes one. */
  endpoint?: { [Hook in keyof Endpoint]?: Endpoint[Hook] | undefined } | undefined;
  options?: EngineOptions;
  headers?: Record<string, string>;
}

/** A connection to an endpoint that echoes. */
export async function opened({ endpoint = {}, options = {}, headers = {} }: Setting = {}): Promise<Peer> {
  const messages: (string | Buffer)[] = [];
  const violations: string[] = [];
  const connection = deferred<Connection>();
  const closed = deferred<CloseInfo>();
  const echo = (to: Connection, message: string | Buffer): void => {
    messages.push(message);
    to.send(message);
  };
  const engine = await startEngine(
    [{ path: '/', text: echo, binary: echo, close: (_, info) => closed.resolve(info), ...endpoint } as Endpoint],
    {
      clock: new ManualClock(),
      observer: {
        opened: (each) => connection.resolve(each),
        violated: (_, { name }) => void violations.push(name),
      },
      ...options,
    },
  );
  const client = await RawClient.connect(engine.url);
  client.upgrade('/', headers);
  const answer = await client.answer();
  expect(answer.status).toBe(101);
  return {
    client,
    connection: await connection.promise,
    engine,
    headers: answer.headers,
    messages,
    violations,
    closed: closed.promise,
  };
}

/** Checks that the server sends Close with this code and nothing else, and ends TCP by itself. */
export async function expectFailed({ client, closed, violations }: Peer, code: number): Promise<void> {
  expect((await client.closeFrame()).code).toBe(code);
  expect(await client.end()).toHaveLength(0);
  client.socket.end();
  expect(await closed).toEqual({ code: 1006, reason: '', clean: false });
  expect(violations).toHaveLength(1);
}

/** Checks that the server answers with a Close frame of the same code, and ends TCP. */
export async function expectClosed({ client, closed, violations }: Peer, code: number, reason = ''): Promise<void> {
  expect((await client.closeFrame()).code).toBe(code);
  expect(await client.end()).toHaveLength(0);
  client.socket.end();
  expect(await closed).toEqual({ code, reason, clean: true });
  expect(violations).toEqual([]);
}

/** Checks that the next frame is this whole message. */
export async function expectMessage(client: RawClient, message: string | Uint8Array): Promise<void> {
  const frame = await client.frame();
  expect(summary(frame)).toEqual({ opcode: typeof message === 'string' ? TEXT : BINARY, fin: true, rsv: 0 });
  expect(frame.payload.equals(Buffer.from(message))).toBe(true);
}

/** Checks that the server has read all that was sent before, answered nothing, and keeps the connection open. */
export async function expectSilence({ client }: Peer): Promise<void> {
  client.write(ping('are you there?'));
  expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('are you there?') });
}

export function summary({ opcode, fin, rsv }: ServerFrame): Pick<ServerFrame, 'opcode' | 'fin' | 'rsv'> {
  return { opcode, fin, rsv };
}

/** Writes in chops of `size` bytes, each in a packet of its own. */
export async function writeChopped({ socket }: RawClient, bytes: Uint8Array, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise<void>((resolve) => socket.write(bytes.subarray(at, at + size), () => setImmediate(resolve)));
  }
}

/** All bytes that the client receives from now on, frame headers and all. */
export function tap({ socket }: RawClient): () => Buffer {
  const chunks: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  return () => Buffer.concat(chunks);
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
