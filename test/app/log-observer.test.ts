import { logObserver } from '../../src/app/log-observer';
import type { Resolved } from '../../src/connection/given';
import {
  CloseInfo,
  Refusal,
  Violations,
  type Connection,
  type Handshake,
  type LimitName,
  type Observer,
} from '../../src/engine';
import { FOREIGN_ORIGIN, NO_SUCH_PATH } from '../../src/handshake';

type Line = [level: string, details: Record<string, unknown>, message: string];

const lines: Line[] = [];
let now = 0;
let log: Resolved<Observer>;
let connection: Connection;

beforeEach(() => {
  lines.length = 0;
  now = 0;
  const write = (level: string) => (details: object, message: string) =>
    void lines.push([level, details as Record<string, unknown>, message]);
  const logger = { info: write('info'), warn: write('warn'), error: write('error') };
  log = logObserver(logger, () => now) as Resolved<Observer>;
  connection = { id: '1', path: '/rooms/:room', handshake: request() } as Connection;
});

function request(more: Partial<Handshake> = {}): Handshake {
  return { url: '/rooms/7', remoteAddress: '10.0.0.1', headers: {}, httpVersion: '1.1', secure: false, ...more };
}

const from = (origin: string): Handshake => request({ headers: { origin } });
const times = (count: number, what: () => void): void => void Array.from({ length: count }, what);
const levels = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [level] of lines) counts[level] = (counts[level] ?? 0) + 1;
  return counts;
};

const PEER = { connection: '1', path: '/rooms/:room', remoteAddress: '10.0.0.1' };

describe('refused handshakes', () => {
  test('the reason, the status, who asked for what, and the limit if it was one', () => {
    log.handshakeRefused(NO_SUCH_PATH, request({ url: '/x?y' }));
    log.handshakeRefused(new Refusal(429, 'Too many.', {}, 'maxConnectionsPerAddress'), request(), '/rooms/:room');
    log.abandoned(request(), '/rooms/:room');
    const asked = { url: '/rooms/7', path: '/rooms/:room', remoteAddress: '10.0.0.1' };
    expect(lines).toEqual([
      [
        'info',
        { status: 404, url: '/x', remoteAddress: '10.0.0.1' },
        'handshake refused: No WebSocket is served at this path.',
      ],
      ['info', { status: 429, ...asked, limit: 'maxConnectionsPerAddress' }, 'handshake refused: Too many.'],
      ['info', asked, 'the client left before its handshake was answered'],
    ]);
  });

  test('a foreign origin: how to allow it, as a warning once a second', () => {
    times(3, () => log.handshakeRefused(FOREIGN_ORIGIN, from('https://a.b:8080'), '/'));
    now = 1000;
    log.handshakeRefused(FOREIGN_ORIGIN, from('https://a.b:8080'), '/');
    expect(lines.map(([level]) => level)).toEqual(['warn', 'info', 'info', 'warn']);
    expect(lines[3]![1]).toMatchObject({ origin: 'https://a.b:8080', omitted: 2 });
    expect(new Set(lines.map(([, , message]) => message))).toEqual(
      new Set(['This origin may not connect. To allow it, list it: origins: ["https://a.b:8080"]']),
    );
  });

  test.each(['null', 'https://a.b"]\n[portal] all is well', 'https://a\u009b2J.b', `https://${'a'.repeat(1000)}.b`])(
    'what cannot be an origin is not repeated in the message: %j',
    (origin) => {
      log.handshakeRefused(FOREIGN_ORIGIN, from(origin), '/');
      expect(lines[0]![2]).toBe('handshake refused: This origin may not connect.');
    },
  );

  test('a guard that refuses a page is not taken for the rule of origins', () => {
    log.handshakeRefused(new Refusal(403, 'Not you.'), from('https://a.b'), '/');
    expect(lines).toMatchObject([['info', { status: 403, origin: 'https://a.b' }, 'handshake refused: Not you.']]);
  });

  test('when there is no room at all, a warning once a second', () => {
    const full = new Refusal(503, 'No room.', {}, 'maxConnections');
    times(50, () => log.handshakeRefused(full, request(), '/'));
    expect(levels()).toEqual({ warn: 1, info: 49 });
    now = 1000;
    log.handshakeRefused(full, request(), '/');
    expect(lines.at(-1)).toMatchObject([
      'warn',
      { limit: 'maxConnections', omitted: 49 },
      'handshake refused: No room.',
    ]);
  });

  test('a hundred a second for each status, and the rest are counted', () => {
    times(5000, () => log.handshakeRefused(NO_SUCH_PATH, request()));
    times(5000, () => log.abandoned(request(), '/'));
    expect(lines).toHaveLength(200);
    log.handshakeRefused(new Refusal(401, 'Who?'), request());
    expect(lines).toHaveLength(201);
    now = 1000;
    log.handshakeRefused(NO_SUCH_PATH, request());
    expect(lines.at(-1)![1]).toMatchObject({ status: 404, omitted: 4900 });
  });

  test('a client cannot make a line long', () => {
    log.handshakeRefused(NO_SUCH_PATH, { ...from('x'.repeat(16_000)), url: '/' + 'y'.repeat(16_000) });
    expect(JSON.stringify(lines[0]).length).toBeLessThan(700);
  });
});

describe('limits', () => {
  test.each<[LimitName, string, string]>([
    ['heartbeat', 'info', 'the peer was silent for too long'],
    ['closeTimeoutMs', 'info', 'the peer did not finish the closing handshake in time'],
    ['maxBufferedBytes', 'info', 'the peer does not read what it is sent'],
    ['messagesPerSecond', 'info', 'the peer sends too many messages'],
    ['bytesPerSecond', 'info', 'the peer sends too many bytes'],
    ['maxTotalBufferedBytes', 'warn', 'all connections together hold too much: one that holds most was cut'],
    ['iterables', 'warn', '64 iterables are being sent: no message is handled until one of them ends'],
    ['shutdown.deadlineMs', 'warn', 'the connection was cut at the deadline of the shutdown'],
  ])('%s: once for a connection, however often', (limit, level, message) => {
    times(1000, () => log.limited(connection, limit));
    expect(lines).toEqual([[level, { ...PEER, limit }, message]]);
  });

  test.each<LimitName>(['maxTotalBufferedBytes', 'shutdown.deadlineMs'])(
    '%s: a warning once a second, and information on the other connections',
    (limit) => {
      times(1000, () => log.limited({ ...connection } as Connection, limit));
      expect(levels()).toEqual({ warn: 1, info: 999 });
    },
  );

  test('each limit of one connection has its line', () => {
    for (const limit of ['messagesPerSecond', 'bytesPerSecond', 'heartbeat'] as const) log.limited(connection, limit);
    expect(lines.map(([, { limit }]) => limit)).toEqual(['messagesPerSecond', 'bytesPerSecond', 'heartbeat']);
  });
});

describe('the end of a connection', () => {
  const close = (code: number, reason = ''): void => log.closed(connection, new CloseInfo(code, reason, code !== 1006));

  test.each([1000, 1001, 1003, 1005, 1012, 1013, 3000, 4999])('%i is no news', (code) => {
    close(code, 'bye');
    expect(lines).toEqual([]);
  });

  test.each([1002, 1007, 1008, 1009, 1010, 1011])('%i, with the reason that the peer gave', (code) => {
    close(code, 'I do not\nlike you');
    expect(lines).toEqual([['info', { ...PEER, code, reason: 'I do not\nlike you' }, `closed with ${code}`]]);
  });

  test('without a Close frame, and nothing that explains it', () => {
    close(1006);
    expect(lines).toEqual([['info', { ...PEER, code: 1006 }, 'the peer went away']]);
  });

  test.each<[string, () => void, number]>([
    ['a broken rule', () => log.violated(connection, Violations.NotMasked), 1006],
    ['a broken rule, and no patience', () => brokenAndSlow(), 1006],
    ['silence', () => log.limited(connection, 'heartbeat'), 1006],
    ['too much for all', () => log.limited(connection, 'maxTotalBufferedBytes'), 1006],
    ['a shutdown', () => log.limited(connection, 'shutdown.deadlineMs'), 1006],
    ['a slow consumer that answers', () => log.limited(connection, 'maxBufferedBytes'), 1008],
    ['a slow consumer that does not', () => slowAndDeaf(), 1006],
    ['too many messages', () => log.limited(connection, 'messagesPerSecond'), 1008],
    ['too many bytes', () => log.limited(connection, 'bytesPerSecond'), 1008],
    ['a handler that throws', () => log.failed(new Error('boom'), 'Chat.say', connection), 1011],
  ])('%s is told once', (_what, happens, code) => {
    happens();
    const [line] = lines;
    close(code, 'as you say');
    expect(lines).toEqual([line]);
  });

  function brokenAndSlow(): void {
    log.violated(connection, Violations.NotMasked);
    log.limited(connection, 'closeTimeoutMs');
  }

  function slowAndDeaf(): void {
    log.limited(connection, 'maxBufferedBytes');
    log.limited(connection, 'closeTimeoutMs');
  }

  test('who sent too fast, and was only refused some messages, may go away later', () => {
    log.limited(connection, 'messagesPerSecond');
    close(1006);
    expect(lines.map(([, , message]) => message)).toEqual(['the peer sends too many messages', 'the peer went away']);
  });

  test('the application may end it without a word', () => {
    log.terminated(connection);
    close(1006);
    expect(lines).toEqual([]);
  });

  test('a broken rule: which, with the close code and the limit if it is one', () => {
    times(1000, () => log.violated(connection, Violations.MessageTooBig));
    const details = { ...PEER, violation: 'MessageTooBig', closeCode: 1009, limit: 'maxMessageBytes' };
    expect(lines).toEqual([['info', details, 'the peer broke a rule: message too big']]);
  });
});

describe('failures', () => {
  test('the error, the place and the connection', () => {
    const err = new Error('boom');
    log.failed(err, 'Chat.say', connection);
    log.failed(err, 'Store.onShutdown');
    expect(lines).toEqual([
      ['error', { err, ...PEER }, 'Chat.say failed'],
      ['error', { err }, 'Store.onShutdown failed'],
    ]);
  });

  test('ten a second in one place, whoever causes them, and the rest are counted', () => {
    times(1000, () => log.failed(new Error('boom'), 'Chat.say', { ...connection } as Connection));
    log.failed(new Error('boom'), 'Chat.join', connection);
    expect(lines).toHaveLength(11);
    now = 1000;
    log.failed(new Error('boom'), 'Chat.say', connection);
    expect(lines.at(-1)).toMatchObject(['error', { omitted: 990 }, 'Chat.say failed']);
  });

  test('a connection whose failure was left out is told of when it closes', () => {
    times(11, () => log.failed(new Error('boom'), 'Chat.say', { ...connection } as Connection));
    log.failed(new Error('boom'), 'Chat.say', connection);
    log.closed(connection, new CloseInfo(1011, '', true));
    expect(lines.at(-1)).toEqual(['info', { ...PEER, code: 1011 }, 'closed with 1011']);
  });
});
