import { once } from 'node:events';
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
  type Settings,
} from 'node:http2';
import { RawClient } from './raw-client';

export interface Http2Answer {
  status: number;
  headers: IncomingHttpHeaders;
  stream: ClientHttp2Stream;
}

const opened = new Set<Http2Client>();

/** A client of Node's own HTTP/2 over TLS or plain TCP, cut after the test. */
export class Http2Client {
  /** The streams of all requests, in order. */
  readonly streams: ClientHttp2Stream[] = [];

  private constructor(
    readonly session: ClientHttp2Session,
    /** The first SETTINGS of the server. */
    readonly settings: Settings,
    private readonly authority: string,
  ) {}

  /** `url`: an application's `ws://host:port`, or `wss:`, which takes the option `ca`. */
  static async connect(url: string, options: SecureClientSessionOptions = {}): Promise<Http2Client> {
    const { host, protocol } = new URL(url);
    const session = connect(`${protocol === 'wss:' ? 'https' : 'http'}://${host}`, options).on('error', ignore);
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    const client = new Http2Client(session, settings, host);
    opened.add(client);
    return client;
  }

  /** Asks for a WebSocket (RFC 8441 section 5). Resolves with any answer. */
  connect(path: string, headers: OutgoingHttpHeaders = {}, protocol = 'websocket'): Promise<Http2Answer> {
    return this.request({
      ':method': 'CONNECT',
      ':protocol': protocol,
      ':scheme': this.session.encrypted === true ? 'https' : 'http',
      ':authority': this.authority,
      ':path': path,
      'sec-websocket-version': '13',
      ...headers,
    });
  }

  /** Sends a request without ending it. Rejects when the stream is reset before an answer. */
  async request(headers: OutgoingHttpHeaders): Promise<Http2Answer> {
    const stream = this.session.request(headers, { endStream: false });
    this.streams.push(stream);
    return answerTo(stream);
  }

  /** A WebSocket to send and read frames by hand; fails when it is refused. */
  async open(path: string, headers: OutgoingHttpHeaders = {}): Promise<RawClient<ClientHttp2Stream>> {
    const { status, stream } = await this.connect(path, headers);
    if (status !== 200) throw new Error(`refused with ${status}`);
    return RawClient.over(stream, this.authority);
  }

  destroy(): void {
    this.session.destroy();
  }
}

function answerTo(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    stream.on('response', (headers) => resolve({ status: Number(headers[':status']), headers, stream }));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`the stream was closed without an answer, code ${stream.rstCode}`)));
  });
}

/** The whole body of an answer. */
export async function bodyOf({ stream }: Http2Answer): Promise<string> {
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return body;
}

function ignore(): void {}

afterEach(() => {
  for (const client of opened) client.destroy();
  opened.clear();
});
