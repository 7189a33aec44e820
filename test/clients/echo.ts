import { randomBytes } from 'node:crypto';
import type { CloseInfo, Connection, EngineOptions } from '../../src/engine';
import { deferred, startEngine } from '../support/engine';

/** Messages that each client sends and must get back. */
export const MESSAGES: [string, string | Buffer][] = [
  ['text', 'Hello'],
  ['an empty text', ''],
  ['unicode', 'é€😀 \u0000 \uffff 한글 עברית'],
  ['binary', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['no bytes', Buffer.alloc(0)],
  ['300 KB of text', '{"event":"chat.message"} é'.repeat(12_000)],
  ['300 KB of noise', randomBytes(300_000)],
];

export interface EchoServer {
  url: string;
  /** The first connection. */
  connection: Promise<Connection>;
  /** Resolves with its end. */
  closed: Promise<CloseInfo>;
}

/** Echoes messages. The text `close 4000 reason` closes with that code and reason; `fragments a b` sends "ab" in fragments. */
export async function startEcho(compression: boolean, options: EngineOptions = {}): Promise<EchoServer> {
  const connection = deferred<Connection>();
  const closed = deferred<CloseInfo>();
  const { url } = await startEngine(
    [
      {
        path: '/',
        open: (each) => connection.resolve(each),
        text: (each, message) => {
          const [, code, reason] = /^close (\d+) (.*)$/.exec(message) ?? [];
          const [verb, ...fragments] = message.split(' ');
          if (code !== undefined) void each.close(Number(code), reason);
          else if (verb === 'fragments') void each.sendStream(fragments);
          else each.send(message);
        },
        binary: (each, message) => void each.send(message),
        close: (_, info) => closed.resolve(info),
      },
    ],
    {
      origins: '*',
      ...options,
      compression: compression && { threshold: 0, serverContextTakeover: true, clientContextTakeover: true },
    },
  );
  return { url, connection: connection.promise, closed: closed.promise };
}
