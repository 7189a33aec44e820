import type { RequestListener } from 'node:http';
import { echo, startEngine } from '../support/engine';
import { text } from '../support/frames';
import {
  connectFields,
  FrameType,
  headersFrame,
  http2Frame,
  resetFrame,
  uint32,
  type Fields,
  type Http2Frame,
} from '../support/http2-frames';
import { dial, dialByFrames, WAYS } from '../support/http2-ways';
import { ManualClock } from '../support/manual-clock';

/** Node's TLS has a clock of its own for the first of them. */
const LIMITS = { handshakeTimeoutMs: 10_000, closeTimeoutMs: 500 };
/** nghttp2 lets 1,000 resets pass at once, and 33 a second; and it judges when it has read what came together. */
const BURST = 2_000;

/** RFC 9113 section 7. */
const REFUSED_STREAM = 7;

const PAGE: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/page'],
  [':authority', 'localhost'],
];

function times(count: number, frames: (index: number) => Buffer[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => frames(index)).flat());
}

const resets = (fields: Fields, code: number, count = 10_000): Buffer =>
  times(count, (index) => [headersFrame(2 * index + 1, fields), resetFrame(2 * index + 1, code)]);

const isGoAway = ({ type }: Http2Frame): boolean => type === FrameType.GoAway;

describe.each(WAYS)('%s', (_way, way) => {
  /** Sends an attacker's bytes, until it gets a GOAWAY or is cut. A neighbour with a connection of its own is served meanwhile. */
  async function attacked(bytes: Buffer, defended = isGoAway) {
    const clock = new ManualClock();
    const counts = { opened: 0, closed: 0, requests: 0, mostOpen: 0 };
    const request: RequestListener = (_request, response) => {
      counts.requests++;
      response.end('page');
    };
    const engine = await startEngine(
      [
        {
          ...echo,
          open: () => {
            counts.mostOpen = Math.max(counts.mostOpen, ++counts.opened - counts.closed);
          },
          close: () => void counts.closed++,
        },
        { ...echo, path: '/neighbour' },
      ],
      { ...way, clock, heartbeat: false, limits: LIMITS, request },
    );
    const neighbours = await dial(engine);
    const neighbour = await neighbours.open('/neighbour');
    const attacker = await dialByFrames(engine);
    attacker.write(bytes);
    await attacker.find(defended);
    neighbour.write(text('served'));
    expect((await neighbour.frame()).payload.toString()).toBe('served');

    /** Nothing is left of it, at the latest when an idle connection would have been cut. */
    const nothingLeft = async (): Promise<void> => {
      clock.advance(LIMITS.handshakeTimeoutMs);
      clock.advance(LIMITS.closeTimeoutMs);
      await attacker.end();
      while (engine.connections.size > 1) await new Promise(setImmediate);
      expect(counts.closed).toBe(counts.opened);
      neighbours.destroy();
      attacker.destroy();
      while (clock.pending > 0 || engine.connections.size > 0) await new Promise(setImmediate);
    };
    return { attacker, engine, counts, nothingLeft };
  }

  test.each([
    ['CANCEL', 8],
    ['NO_ERROR', 0],
  ])('rapid reset (CVE-2023-44487) with %s of 10,000 WebSockets', async (_code, code) => {
    const { counts, nothingLeft } = await attacked(resets(connectFields(), code));
    expect(counts.opened).toBeLessThan(BURST);
    await nothingLeft();
  });

  test('rapid reset of 10,000 handshakes that are refused', async () => {
    const { nothingLeft } = await attacked(resets(connectFields('/nothing'), 8));
    await nothingLeft();
  });

  test('rapid reset of 10,000 plain requests: few reach the listener', async () => {
    const { counts, nothingLeft } = await attacked(resets(PAGE, 8));
    expect(counts.requests).toBeLessThan(BURST);
    await nothingLeft();
  });

  test('10,000 WebSockets on one connection: 1,000 are accepted, and then the connection is closed', async () => {
    const { counts, nothingLeft } = await attacked(
      times(10_000, (index) => [headersFrame(2 * index + 1, connectFields())]),
    );
    expect(counts.mostOpen).toBe(1_000);
    await nothingLeft();
  });

  test('1,001 WebSockets on one connection: one is refused, and the others go on', async () => {
    const { counts, engine, attacker } = await attacked(
      times(1_001, (index) => [headersFrame(2 * index + 1, connectFields())]),
      ({ type }) => type === FrameType.ResetStream,
    );
    expect(await attacker.fateOf(2_001)).toBe(`reset ${REFUSED_STREAM}`);
    expect(counts.mostOpen).toBe(1_000);
    expect(engine.connections.size).toBe(1_001);
    attacker.write(http2Frame(FrameType.Data, 1_999, text('still here')));
    expect(await attacker.find(({ type, streamId }) => type === FrameType.Data && streamId === 1_999)).toBeDefined();
  });

  test.each<[string, Buffer]>([
    ['SETTINGS', times(10_000, () => [http2Frame(FrameType.Settings, 0)])],
    ['PING', times(10_000, () => [http2Frame(FrameType.Ping, 0, Buffer.alloc(8))])],
    [
      'empty DATA',
      Buffer.concat([headersFrame(1, connectFields()), times(10_000, () => [http2Frame(FrameType.Data, 1)])]),
    ],
    [
      'CONTINUATION (CVE-2024-27316)',
      Buffer.concat([
        headersFrame(1, connectFields(), 0),
        times(10_000, () => [http2Frame(FrameType.Continuation, 1, Buffer.from([0, 1, 97, 1, 98]))]),
      ]),
    ],
    ['malformed HEADERS', times(10_000, (index) => [headersFrame(2 * index + 1, [[':method', 'GET']])])],
    [
      'WINDOW_UPDATE of nothing (CVE-2025-8671)',
      times(10_000, (index) => [
        headersFrame(2 * index + 1, connectFields()),
        http2Frame(FrameType.WindowUpdate, 2 * index + 1, uint32(0)),
      ]),
    ],
  ])('a flood of %s ends the connection', async (_what, bytes) => {
    const { nothingLeft } = await attacked(bytes);
    await nothingLeft();
  });
});
