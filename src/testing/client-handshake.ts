import { randomBytes } from 'node:crypto';
import { request, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { recognise } from '../copies';

/** The status of the answer to an upgrade was not 101. */
export class UpgradeRefusedError extends Error {
  override readonly name = 'UpgradeRefusedError';

  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    readonly body: string,
  ) {
    super(`the upgrade was refused with ${status}: ${body}`);
  }
}

recognise(UpgradeRefusedError, 'UpgradeRefusedError');

export interface ConnectOptions {
  /** Headers of the upgrade request, such as `origin`, `cookie` or `authorization`. */
  headers?: OutgoingHttpHeaders | undefined;
  /** Subprotocols to offer. */
  protocols?: string[] | undefined;
}

/** An accepted upgrade. */
export interface Accepted {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly headers: IncomingHttpHeaders;
}

/** Sends an upgrade request over a stream. @throws UpgradeRefusedError when the answer is not 101 */
export function upgrade(stream: Duplex, path: string, { headers, protocols = [] }: ConnectOptions): Promise<Accepted> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => stream,
      path,
      headers: {
        Host: 'localhost',
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        ...(protocols.length > 0 && { 'Sec-WebSocket-Protocol': protocols.join(', ') }),
        ...headers,
      },
    });
    outgoing.on('upgrade', (response, socket, head) => resolve({ socket, head, headers: response.headers }));
    outgoing.on('response', (response) => void readRefusal(response).then(reject));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function readRefusal(response: IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    return error as Error;
  }
  return new UpgradeRefusedError(response.statusCode!, response.headers, Buffer.concat(chunks).toString());
}
