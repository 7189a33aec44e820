import { EventEmitter, once } from 'node:events';
import { WebSocket } from 'ws';
import type { Joined, People, Person, RedisNews, Said } from '../../samples/cluster/messages';
import { awaited } from '../support/awaited';
import type { Served } from './running-processes';

export type Heard = Said & { readonly offset: string };

interface Message {
  readonly event: string;
  readonly data?: unknown;
  readonly error?: { readonly code: string };
  readonly id?: number;
  readonly offset?: string;
}

/** Where somebody joins, and the offset of the last message that they had. */
export interface Place {
  readonly room?: string | undefined;
  readonly since?: string;
}

/** A page of the cluster sample, without what is to be seen. */
export class ClusterClient {
  /** What was said, in the order in which it came. */
  readonly said: Heard[] = [];
  readonly waiting: Said[] = [];
  readonly people: People[] = [];
  readonly redis: RedisNews[] = [];
  /** Who is there, as far as it was told. */
  members: readonly Person[] = [];
  joined!: Joined;
  /** The code of its close. */
  readonly closed: Promise<number>;
  private readonly answers = new Map<number, (message: Message) => void>();
  private readonly news = new EventEmitter().setMaxListeners(0);
  private lastId = 0;
  private isClosed = false;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (json: Buffer) => this.take(JSON.parse(String(json)) as Message));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.isClosed = true;
        this.news.emit('news');
        resolve(code);
      });
    });
  }

  /** `page`: its URL. */
  static async connect(page: string, room = 'lobby'): Promise<ClusterClient> {
    const socket = new WebSocket(new URL(`chat/${encodeURIComponent(room)}`, page.replace('http', 'ws')));
    const client = new ClusterClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** Connects until it has got to this process; which connection is whose is decided elsewhere. */
  static async reach(process: Served, nickname: string, { since, room }: Place = {}): Promise<ClusterClient> {
    for (;;) {
      const client = await ClusterClient.connect(process.url, room);
      const joined = await client.join(nickname, since);
      if (joined.pid === process.pid) return client;
      await client.close();
    }
  }

  async join(nickname: string, since?: string): Promise<Joined> {
    return (await this.ask('chat.join', { nickname, since })) as Joined;
  }

  /** The offset of the last message that it had. */
  get offset(): string {
    return this.said.at(-1)?.offset ?? this.joined.offset!;
  }

  get texts(): string[] {
    return this.said.map(({ text }) => text);
  }

  async say(...texts: string[]): Promise<void> {
    for (const text of texts) await this.ask('chat.say', { text });
  }

  /** Resolves with the data of the answer. Rejects with the code of the error. */
  async ask(event: string, data?: unknown): Promise<unknown> {
    const id = ++this.lastId;
    const answered = new Promise<Message>((resolve) => this.answers.set(id, resolve));
    this.socket.send(JSON.stringify({ event, data, id }));
    const gone = this.closed.then(() => Promise.reject(new Error('closed')));
    const { error, data: answer } = await awaited(Promise.race([answered, gone]), () => `the answer to ${event}`);
    if (error !== undefined) throw new Error(error.code);
    return answer;
  }

  /** Waits for what comes to make it true. */
  until(condition: () => boolean, what = String(condition)): Promise<void> {
    const { said, waiting, people, redis } = this;
    return awaited(this.comes(condition), () => `${what}. It got ${JSON.stringify({ said, waiting, people, redis })}`);
  }

  /** Until these are the members, each with processes: `Ann 1,2`. */
  untilMembers(...expected: string[]): Promise<void> {
    const wanted = expected.toSorted().join(' | ');
    const now = (): string =>
      this.members
        .map((it) => `${it.nickname} ${it.workers.join()}`)
        .toSorted()
        .join(' | ');
    return this.until(() => now() === wanted, `the members ${wanted}`);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  private async comes(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.isClosed) throw new Error(`closed while it waits for ${String(condition)}`);
      await once(this.news, 'news');
    }
  }

  private take(message: Message): void {
    const { event, data, error, id, offset } = message;
    if (event === 'chat.join' && error === undefined) {
      // what comes behind the answer may be here before the one who asked goes on
      this.joined = data as Joined;
      this.members = this.joined.members;
    }
    if (id !== undefined) this.answers.get(id)?.(message);
    else if (event === 'chat.said') this.said.push({ ...(data as Said), offset: offset! });
    else if (event === 'chat.waiting') this.waiting.push(data as Said);
    else if (event === 'chat.redis') this.redis.push(data as RedisNews);
    else if (event === 'chat.people') {
      this.people.push(data as People);
      this.members = (data as People).members;
    } else throw new Error(`no such event: ${event}`);
    this.news.emit('news');
  }
}
