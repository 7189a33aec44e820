import { WebSocket } from 'ws';
import type { ServerProcess } from '../streams/server-process';
import type { Order, Published } from './cluster-server';

type Answer = Record<string, unknown>;

/** A connection that gives orders to `cluster-server.ts`, and gets the messages of its channel. */
export class OrderClient {
  private readonly waiting = new Map<number, (answer: Answer | undefined) => void>();
  private count = 0;
  readonly closed: Promise<void>;

  private constructor(
    private readonly socket: WebSocket,
    onMessage: (message: Published & { offset?: string }) => void,
  ) {
    socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as Published & Answer;
      if (typeof message['re'] !== 'number') return onMessage(message);
      this.waiting.get(message['re'])?.(message);
      this.waiting.delete(message['re']);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        for (const settle of this.waiting.values()) settle(undefined);
        resolve();
      }),
    );
  }

  static async open(
    server: ServerProcess,
    onMessage: (message: Published & { offset?: string }) => void = () => undefined,
  ): Promise<OrderClient> {
    const socket = new WebSocket(server.url);
    const client = new OrderClient(socket, onMessage);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    return client;
  }

  /** Resolves with the answer, or `undefined` when the connection closes before. */
  order(order: Omit<Order, 're'>): Promise<Answer | undefined> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    const re = ++this.count;
    this.socket.send(JSON.stringify({ ...order, re }));
    return new Promise((resolve) => this.waiting.set(re, resolve));
  }

  close(): void {
    this.socket.terminate();
  }
}

export interface Span {
  readonly from: number;
  to: number;
  readonly server: ServerProcess;
  readonly last: Map<string, number>;
}

/** A subscriber that, when its connection is lost, subscribes through another process, from its last offset on. */
export class Follower {
  /** The numbers of each publisher's messages, in the order in which they came. */
  readonly received = new Map<string, number[]>();
  /** The times at which it was subscribed, in milliseconds since 1970, with the last number of each publisher. */
  readonly spans: Span[] = [];
  /** The error code with which a subscription was refused. */
  refused: unknown;
  private offset: string | undefined;
  private client: OrderClient | undefined;

  constructor(readonly channel: string) {}

  /** `next` chooses the process for the next connection. */
  async follow(server: ServerProcess, next: (lost: ServerProcess) => ServerProcess): Promise<void> {
    const last = new Map<string, number>();
    const client = await OrderClient.open(server, (message) => this.take(message, last));
    this.client = client;
    const since = this.offset;
    const answer = await client.order({
      do: 'subscribe',
      channel: this.channel,
      ...(since !== undefined && { since }),
    });
    if (answer?.['error'] !== undefined) this.refused = answer['error'];
    this.offset ??= answer?.['offset'] as string | undefined;
    const span: Span = { from: Date.now(), to: Infinity, server, last };
    this.spans.push(span);
    void client.closed.then(() => {
      span.to = Date.now();
      return this.client === client ? this.follow(next(server), next) : undefined;
    });
  }

  leave(): void {
    const { client } = this;
    this.client = undefined;
    client?.close();
  }

  private take({ publisher, number, offset }: Published & { offset?: string }, last: Span['last']): void {
    last.set(publisher, number);
    if (offset !== undefined) this.offset = offset;
    const numbers = this.received.get(publisher);
    if (numbers === undefined) this.received.set(publisher, [number]);
    else numbers.push(number);
  }
}
