import type { JetStreamClient, MsgRequest, StoredMsg, StreamAPI, StreamInfo } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import type { BackplaneHistory, HistoryOptions, KeptPacket, PacketId } from '../../channels';
import type { NatsLink } from './nats-link';
import { jetstream, transport } from './packages';
import { tokensOf } from './subjects';

const SEQUENCE_HEADER = 'Nats-Sequence';
/** The server adds the sequence. The publisher adds the epoch, so that subscribers need not ask for it. */
const EPOCH_HEADER = 'Portal-Epoch';
const MARKER_HEADER = 'Portal-Marker';

/** Two decimal numbers without zeros before, and small enough to be exact. */
const OFFSET = /^([1-9]\d{0,14})-([1-9]\d{0,14})$/;
const REQUEST_MS = 5000;
/** The bytes that are added to a packet, at most: its epoch and its id. The server counts them. */
const HEADER_BYTES = 128;
/** The time for which the server remembers the id of a packet. */
const DUPLICATES_MS = 120_000;
/** The server refuses a shorter age. */
const MIN_AGE_MS = 100;
/** The first few messages are read one after the other, which is enough for most clients; the others in several lanes at once. */
const FEW = 8;
const LANES = 8;
/** The most that one piece reads: bytes, and messages beside the first few. */
const PIECE_BYTES = 1024 * 1024;
const MOST = 1000;

const { JetStreamApiCodes } = jetstream;
const NAME_IN_USE = 10058;
const NOT_ENABLED = 10076;
const STREAM_OFFLINE = 10118;

/** A stream as one connection knows it. On the next connection it may be another one. */
interface Stream {
  readonly name: string;
  /** The time at which the stream was made, in milliseconds. */
  readonly epoch: string;
  readonly client: JetStreamClient;
  readonly streams: StreamAPI;
}

/** A request of the history failed. `retry`: the broker was away, so nobody knows whether it did what was asked. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  constructor(
    message: string,
    readonly retry: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The history of subjects in JetStream: one stream for each kind of `HistoryOptions`, with all channels that have these options. The server
 * stores a packet and then publishes it to the subject of its channel, with its sequence as a header.
 *
 * The leader of a stream answers reads. Direct gets would be no faster, and a replica may be behind.
 */
export class NatsHistory implements BackplaneHistory {
  private connection: NatsConnection | undefined;
  /** A server that ends gives up JetStream before its connections. So JetStream that worked once is not reported as missing. */
  private hasWorked = false;
  private readonly streams = new Map<string, Promise<Stream>>();

  /** `connected` returns the connection unless the broker is away, and `link` its owner, which has a second one for reading. */
  constructor(
    private readonly prefix: string,
    private readonly replicas: number,
    private readonly connected: () => NatsConnection | undefined,
    private readonly maxPayload: () => number | undefined = () => undefined,
    private readonly link: () => NatsLink | undefined = () => undefined,
  ) {}

  get maxPacketBytes(): number | undefined {
    const payload = this.maxPayload();
    return payload === undefined ? undefined : payload - HEADER_BYTES;
  }

  async append(
    subject: string,
    packet: Uint8Array,
    { node, number }: PacketId,
    retention: HistoryOptions,
  ): Promise<void> {
    const target = this.subjectOf(subject, retention);
    await this.using(retention, ({ client, epoch }) => {
      const headers = transport.headers();
      headers.set(EPOCH_HEADER, epoch);
      return client.publish(target, packet, { headers, timeout: REQUEST_MS, msgID: `${node}-${number}` });
    });
  }

  async last(subject: string, retention: HistoryOptions): Promise<string> {
    const target = this.subjectOf(subject, retention);
    return this.using(retention, async ({ name, epoch, client, streams }) => {
      const last = await streams.getMessage(name, { last_by_subj: target });
      if (last !== null) return `${epoch}-${last.seq}`;
      // the beginning is a message too: when it is gone, later messages may be
      const headers = transport.headers();
      headers.set(MARKER_HEADER, '1');
      const { seq } = await client.publish(target, transport.Empty, { headers, timeout: REQUEST_MS });
      return `${epoch}-${seq}`;
    });
  }

  async after(
    subject: string,
    since: string,
    retention: HistoryOptions,
    maxBytes = Infinity,
  ): Promise<KeptPacket[] | undefined> {
    const [, sinceEpoch, sequence] = OFFSET.exec(since) ?? [];
    if (sinceEpoch === undefined) return undefined;
    const from = Number(sequence);
    const target = this.subjectOf(subject, retention);
    return this.using(retention, async ({ name, epoch, streams: own }) => {
      if (epoch !== sinceEpoch) return undefined;
      const streams = await this.streamsToRead(own);
      // the types of the client leave `next_by_subj` out
      const read = (seq: number) => streams.getMessage(name, { seq, next_by_subj: target } as MsgRequest);
      const kept: KeptPacket[] = [];
      for (let next = from + 1, bytes = 0; bytes < maxBytes;) {
        const messages = await readPiece(read, next, Math.min(maxBytes, PIECE_BYTES));
        if (messages.length === 0) break;
        next = messages.at(-1)!.seq + 1;
        for (const message of messages) {
          bytes += message.data.length;
          if (!isMarker(message.header)) kept.push(keptPacket(epoch, message));
        }
        if (kept.length > 0 && maxBytes <= PIECE_BYTES) break;
      }
      // the oldest messages go first, by number and by age: while this one is there, so are all after it
      const isWhole = (await streams.getMessage(name, { seq: from }))?.subject === target;
      return isWhole ? kept : undefined;
    });
  }

  /** Uses a connection of its own, where there is a link. */
  private async streamsToRead(own: StreamAPI): Promise<StreamAPI> {
    const link = this.link();
    if (link === undefined) return own;
    const client = jetstream.jetstream(await link.reads(), { timeout: REQUEST_MS });
    return (await client.jetstreamManager(false)).streams;
  }

  private subjectOf(subject: string, retention: HistoryOptions): string {
    return `${this.prefix}.h.${kindOf(retention)}.${tokensOf(subject)}`;
  }

  /** Calls `use` in the order of the calls, since all wait for the same promise. */
  private async using<Result>(retention: HistoryOptions, use: (stream: Stream) => Promise<Result>): Promise<Result> {
    const connection = this.connected();
    if (connection === undefined) throw new HistoryError('the NATS server is away', true);
    if (connection !== this.connection) {
      this.connection = connection;
      this.streams.clear();
    }
    const kind = kindOf(retention);
    const stream = this.streams.get(kind) ?? this.open(connection, kind, retention);
    this.streams.set(kind, stream);
    try {
      return await use(await stream);
    } catch (cause) {
      const error = historyError(cause, connection);
      if (causeOf(cause, transport.TimeoutError) !== undefined) void this.link()?.endReads();
      // the stream may be gone, or be another one
      if (error.retry) this.forget(kind, stream);
      throw error;
    }
  }

  private open(connection: NatsConnection, kind: string, retention: HistoryOptions): Promise<Stream> {
    const stream = this.opened(connection, kind, retention);
    stream.catch(() => this.forget(kind, stream));
    return stream;
  }

  private forget(kind: string, stream: Promise<Stream>): void {
    if (this.streams.get(kind) === stream) this.streams.delete(kind);
  }

  private async opened(connection: NatsConnection, kind: string, retention: HistoryOptions): Promise<Stream> {
    const client = jetstream.jetstream(connection, { timeout: REQUEST_MS });
    const name = `${this.prefix}-${kind}`;
    try {
      const { streams } = await client.jetstreamManager(false);
      const { created } = await this.found(streams, name, kind, retention);
      this.hasWorked = true;
      return { name, epoch: String(Date.parse(created)), client, streams };
    } catch (cause) {
      if (this.hasWorked || !isWithoutJetStream(cause, connection)) throw cause;
      throw new HistoryError('history needs a NATS server with JetStream, enabled for the account', false, { cause });
    }
  }

  /** Finds the stream or makes it. Its name has all settings but the number of replicas. */
  private async found(streams: StreamAPI, name: string, kind: string, retention: HistoryOptions): Promise<StreamInfo> {
    try {
      return await streams.info(name);
    } catch (error) {
      if (codeOf(error) !== JetStreamApiCodes.StreamNotFound) throw error;
    }
    const subject = `${this.prefix}.h.${kind}.>`;
    const age = Math.max(MIN_AGE_MS, Math.round(retention.ttlSeconds * 1000));
    try {
      return await streams.add({
        name,
        subjects: [subject],
        // one more than the size: the message after which a client wants the others
        max_msgs_per_subject: retention.size + 1,
        max_age: transport.nanos(age),
        discard: jetstream.DiscardPolicy.Old,
        storage: jetstream.StorageType.File,
        num_replicas: this.replicas,
        duplicate_window: transport.nanos(Math.min(DUPLICATES_MS, age)),
        republish: { src: subject, dest: `${this.prefix}.c.>` },
      });
    } catch (error) {
      // another node was faster, with another number of replicas
      if (codeOf(error) !== NAME_IN_USE) throw error;
      return streams.info(name);
    }
  }
}

export function isMarker(headers: MsgHdrs): boolean {
  return headers.has(MARKER_HEADER);
}

/** Reads the offset of a packet; `undefined` where it was not appended. */
export function offsetOf(headers: MsgHdrs): string | undefined {
  const [epoch, sequence] = [headers.get(EPOCH_HEADER), headers.get(SEQUENCE_HEADER)];
  return epoch === '' || sequence === '' ? undefined : `${epoch}-${sequence}`;
}

/** Writes the options as a token of subjects. */
function kindOf({ size, ttlSeconds }: HistoryOptions): string {
  return `${size}-${String(ttlSeconds).replace('.', '_')}`;
}

function keptPacket(epoch: string, { seq, data }: StoredMsg): KeptPacket {
  return { offset: `${epoch}-${seq}`, packet: Buffer.from(data.buffer, data.byteOffset, data.length) };
}

type Read = (sequence: number) => Promise<StoredMsg | null>;

/** Messages that were read from a sequence on. `isWhole`: all up to the end that was asked for. */
interface Walk {
  readonly messages: StoredMsg[];
  readonly isWhole: boolean;
}

/** Reads some messages from a sequence on. `read` resolves with the next message from a sequence on. */
async function readPiece(read: Read, from: number, maxBytes: number): Promise<StoredMsg[]> {
  const room = { bytes: maxBytes };
  const few = await walk(read, from, Infinity, FEW, room);
  const count = few.messages.length;
  // the others are taken to be as long, and as far apart
  const rest = Math.min(MOST, Math.floor((room.bytes * count) / (maxBytes - room.bytes + 1)));
  if (count < FEW || rest < 1) return few.messages;
  const start = few.messages.at(-1)!.seq + 1;
  const lanes = Math.min(LANES, rest);
  const length = Math.ceil(((rest / count) * (start - from)) / lanes);
  const walks = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      walk(read, start + lane * length, start + (lane + 1) * length - 1, Infinity, room),
    ),
  );
  // messages behind a walk that is not whole may not be the next ones
  const end = walks.findIndex(({ isWhole }) => !isWhole);
  const usable = end === -1 ? walks : walks.slice(0, end + 1);
  return few.messages.concat(...usable.map(({ messages }) => messages));
}

async function walk(read: Read, from: number, to: number, most: number, room: { bytes: number }): Promise<Walk> {
  const messages: StoredMsg[] = [];
  for (let next = from; next <= to;) {
    if (messages.length === most || room.bytes <= 0) return { messages, isWhole: false };
    const message = await read(next);
    // the end for now: another message may have come meanwhile
    if (message === null) return { messages, isWhole: false };
    if (message.seq > to) break;
    messages.push(message);
    room.bytes -= message.data.length;
    next = message.seq + 1;
  }
  return { messages, isWhole: true };
}

function historyError(cause: unknown, connection: NatsConnection): HistoryError {
  if (cause instanceof HistoryError) return cause;
  const { message } = cause as Error;
  return new HistoryError(`history in NATS: ${message}`, isAway(cause, connection), { cause });
}

function isWithoutJetStream(error: unknown, connection: NatsConnection): boolean {
  const code = codeOf(error);
  if (code !== undefined) return code === JetStreamApiCodes.JetStreamNotEnabledForAccount || code === NOT_ENABLED;
  // while it starts, nobody may respond either
  return causeOf(error, transport.NoRespondersError) !== undefined && connection.info?.jetstream !== true;
}

/** True where another attempt may succeed. */
function isAway(error: unknown, connection: NatsConnection): boolean {
  const refusal = causeOf(error, jetstream.JetStreamApiError);
  if (refusal !== undefined) {
    // 503: no leader at present, and the like
    return (
      refusal.status === 503 || refusal.code === JetStreamApiCodes.StreamNotFound || refusal.code === STREAM_OFFLINE
    );
  }
  if (causeOf(error, transport.PermissionViolationError) !== undefined) return false;
  return (
    connection.isClosed() ||
    causeOf(error, transport.TimeoutError) !== undefined ||
    // nobody responded, or the connection ended meanwhile
    causeOf(error, transport.RequestError) !== undefined
  );
}

function codeOf(error: unknown): number | undefined {
  return causeOf(error, jetstream.JetStreamApiError)?.code;
}

/** Finds an error of a class among the causes: the client wraps errors in others. */
function causeOf<Kind extends Error>(error: unknown, kind: abstract new (...args: never[]) => Kind): Kind | undefined {
  for (let at = error; at !== undefined; at = (at as Error).cause) if (at instanceof kind) return at;
  return undefined;
}
