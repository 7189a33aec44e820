import { Duplex } from 'node:stream';
import { Engine, refuse, type EngineOptions, type Endpoint } from '../../../src/engine';
import { Upgrader, type UpgradeAttempt } from '../../../src/server/upgrade/upgrader';
import { Refusal, type Agreement, type Offer } from '../../../src/handshake';
import { deferred, echo } from '../../support/engine';
import { ManualClock } from '../../support/manual-clock';
import { settled } from '../../support/serve';

const OFFER: Offer = { protocols: [], extensions: [] };

/** What came of an attempt, and what the observer heard, in order. */
type Said = (string | number)[];

function opened(endpoints: Endpoint[], options: EngineOptions = {}) {
  const heard: Said = [];
  const clock = new ManualClock();
  const engine = new Engine({
    clock,
    observer: {
      handshakeRefused: ({ status }, { url, remoteAddress, headers: { origin } }) =>
        void heard.push(['refused', status, url, remoteAddress, ...(origin === undefined ? [] : [origin])].join(' ')),
      failed: (error, what) => void heard.push(`failed ${what}: ${(error as Error).message}`),
      opened: ({ path }) => void heard.push(`opened ${path}`),
    },
    ...options,
  });
  for (const endpoint of endpoints) engine.add(endpoint);
  return { upgrader: new Upgrader(engine), engine, heard, clock };
}

interface Asking {
  url?: string;
  headers?: Record<string, string>;
  refusal?: Refusal;
  judge?: () => Offer | Refusal;
  accept?: (agreement: Agreement) => void;
  refuse?: (refusal: Refusal) => void;
}

function arriving({ url = '/', headers = {}, refusal, ...how }: Asking = {}): UpgradeAttempt & {
  said: Said;
  stream: Duplex;
} {
  const said: Said = [];
  return {
    said,
    handshake: { url, headers, remoteAddress: '192.0.2.1', httpVersion: '1.1', secure: false },
    stream: new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() }),
    refusal,
    head: Buffer.alloc(0),
    judge: how.judge ?? (() => OFFER),
    accept: (agreement, more) => {
      how.accept?.(agreement);
      said.push(`accepted ${JSON.stringify({ ...agreement, ...more })}`);
    },
    refuse: (refusal) => {
      how.refuse?.(refusal);
      said.push(refusal.status);
    },
  };
}

/** What an attempt is told. */
function told(upgrader: Upgrader, asking: Asking = {}): Said {
  const attempt = arriving(asking);
  upgrader.enter(attempt);
  attempt.stream.destroy();
  return attempt.said;
}

const NO = new Refusal(418, 'no');

describe('the rules, in their order', () => {
  const served: Endpoint = { ...echo, path: '/:room', origins: ['https://a.example'] };
  const foreign = { origin: 'https://b.example' };

  test.each<[string, Asking, number]>([
    ['a target that is none', { url: '/a#b', refusal: NO, headers: foreign }, 400],
    ['a path that nobody serves', { url: '/a/b', refusal: NO, headers: foreign }, 404],
    [
      'a client whose address is refused',
      { url: '/a', refusal: new Refusal(409, ''), judge: () => NO, headers: foreign },
      409,
    ],
    ['what is wrong with the handshake', { url: '/a', judge: () => NO, headers: foreign }, 418],
    ['the origin', { url: '/a', headers: foreign }, 403],
  ])('%s', (_what, asking, status) => {
    const { upgrader, heard } = opened([served]);
    expect(told(upgrader, asking)).toEqual([status]);
    const origin = asking.headers === undefined ? '' : ` ${foreign.origin}`;
    expect(heard).toEqual([`refused ${status} ${asking.url} 192.0.2.1${origin}`]);
  });

  test('before all of them: that the server stops', async () => {
    const { upgrader, engine } = opened([served]);
    const closed = engine.close();
    expect(told(upgrader, { url: '/a#b' })).toEqual([503]);
    await closed;
    expect(told(upgrader, { url: '/a' })).toEqual(['accepted {"protocol":""}']);
  });

  test('who passes them all is accepted, once', () => {
    const { upgrader, heard } = opened([served]);
    expect(told(upgrader, { url: '/a', headers: { origin: 'https://a.example' } })).toEqual([
      'accepted {"protocol":""}',
    ]);
    expect(heard).toEqual(['opened /:room']);
  });
});

describe('subprotocols', () => {
  const speaking = { ...echo, protocols: ['a', 'b'] };
  const offering = (...protocols: string[]): Asking => ({ judge: () => ({ ...OFFER, protocols }) });

  test('the first of the client that the path speaks', () => {
    const { upgrader } = opened([speaking]);
    expect(told(upgrader, offering('x', 'b', 'a'))).toEqual(['accepted {"protocol":"b"}']);
    expect(told(upgrader, offering('x'))).toEqual(['accepted {"protocol":""}']);
  });

  test('a hook chooses another of those that the client offers', () => {
    const { upgrader } = opened([{ ...speaking, upgrade: () => ({ protocol: 'x', headers: { 'x-seat': '7' } }) }]);
    expect(told(upgrader, offering('a', 'x'))).toEqual(['accepted {"protocol":"x","x-seat":"7"}']);
  });

  test('one that the client does not offer is a 500, and reported', () => {
    const { upgrader, heard } = opened([{ ...speaking, upgrade: () => ({ protocol: 'x' }) }]);
    expect(told(upgrader, offering('a'))).toEqual([500]);
    expect(heard).toEqual([
      'failed handshake of /: the subprotocol "x" is none of those that the client offers',
      'refused 500 / 192.0.2.1',
    ]);
  });
});

describe('what fails is a 500, reported, and ends one handshake', () => {
  const fail = (): never => {
    throw new Error('broken');
  };
  const REPORTED = ['failed handshake of /: broken', 'refused 500 / 192.0.2.1'];

  test.each<[string, Endpoint, Asking]>([
    ['an origin function', { ...echo, origins: fail }, {}],
    ['an upgrade hook', { ...echo, upgrade: fail }, {}],
    ['a judgement', echo, { judge: fail }],
    ['an answer that cannot be sent', echo, { accept: fail }],
    ['one to an upgrade hook', { ...echo, upgrade: () => undefined }, { accept: fail }],
  ])('%s', (_what, endpoint, asking) => {
    const { upgrader, engine, heard } = opened([endpoint]);
    expect(told(upgrader, asking)).toEqual([500]);
    expect(heard).toEqual(REPORTED);
    expect(engine.connections.size).toBe(0);
  });

  test('a refusal that cannot be sent', () => {
    const { upgrader, heard } = opened([{ ...echo, upgrade: () => refuse(401) }]);
    const cannot = ({ status }: Refusal): void => (status === 401 ? fail() : undefined);
    expect(told(upgrader, { refuse: cannot })).toEqual([500]);
    expect(heard).toEqual(['refused 401 / 192.0.2.1', 'failed refusal of /: broken']);
  });
});

describe('an upgrade hook that takes its time', () => {
  function waiting() {
    const verdict = deferred<Refusal | undefined>();
    const context = opened([{ ...echo, upgrade: () => verdict.promise }], { limits: { handshakeTimeoutMs: 1_000 } });
    const attempt = arriving();
    context.upgrader.enter(attempt);
    expect(attempt.said).toEqual([]);
    return { ...context, ...attempt, verdict };
  }

  test('is waited for, and has no time-out and no listener then', async () => {
    const { said, verdict, clock, stream, upgrader } = waiting();
    const before = stream.listenerCount('close');
    verdict.resolve(undefined);
    await settled();
    clock.advance(1_000);
    expect(said).toEqual(['accepted {"protocol":""}']);
    expect(stream.listenerCount('close')).toBe(before);
    expect(upgrader['undecided'].size).toBe(0);
    stream.destroy();
  });

  test('gets 408 at handshakeTimeoutMs, and is not heard later', async () => {
    const { said, verdict, clock, heard } = waiting();
    clock.advance(999);
    expect(said).toEqual([]);
    clock.advance(1);
    verdict.resolve(undefined);
    await settled();
    expect(said).toEqual([408]);
    expect(heard).toEqual(['refused 408 / 192.0.2.1']);
    expect(clock.pending).toBe(0);
  });

  test('is refused with 503 when the server stops', async () => {
    const { said, verdict, upgrader } = waiting();
    upgrader.refuseUndecided();
    verdict.resolve(undefined);
    await settled();
    upgrader.refuseUndecided();
    expect(said).toEqual([503]);
  });

  test('is told nothing when the client has gone', async () => {
    const { said, verdict, stream, heard, clock } = waiting();
    stream.destroy();
    await settled();
    verdict.resolve(undefined);
    await settled();
    expect([said, heard, clock.pending]).toEqual([[], [], 0]);
  });
});

test('find knows the path of a target, whatever its query, and nothing else', () => {
  const { upgrader } = opened([{ ...echo, path: '/rooms/:room' }]);
  expect(upgrader.find('/rooms/7?x=/')?.params).toEqual({ room: '7' });
  expect(upgrader.find('http://a.example/rooms/7')?.params).toEqual({ room: '7' });
  for (const url of ['', '*', '/', '/rooms', '/rooms/7#x', 'rooms/7']) expect(upgrader.find(url)).toBeUndefined();
});
