import type { Connection } from '../../src/engine';
import { deferred } from '../support/engine';
import { binary, clientFrame, close, CLOSE, continuation, ping, text, type FrameParts } from '../support/frames';
import { expectClosed, expectFailed, expectMessage, expectSilence, opened, type Peer, type Setting } from './peer';

const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const RESERVED = [1004, 1005, 1006, 1015];
const UNDEFINED = [0, 1, 999, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65_535];

/** Has the server close. Resolves when its Close frame has come. */
async function closedByServer(code?: number, reason?: string): Promise<Peer> {
  const peer = await opened();
  void peer.connection.close(code, reason);
  expect(await peer.client.closeFrame()).toEqual({ code: code ?? 1005, reason: reason ?? '' });
  return peer;
}

describe('the end of the transport', () => {
  test('7.1.1 after the peer closed, the server ends TCP first and at once', async () => {
    const { client, connection } = await opened();
    client.write(close(1000));
    await client.closeFrame();
    expect(await client.end()).toHaveLength(0);
    expect(client.socket.writable).toBe(true);
    expect(connection.state).toBe('closing');
  });

  test('7.1.1 after the server closed, it ends TCP as soon as it has the answer, and not before', async () => {
    const { client, closed } = await closedByServer(1000);
    expect(client.socket.readableEnded).toBe(false);
    client.write(close(1000));
    expect(await client.end()).toHaveLength(0);
    client.socket.end();
    expect((await closed).clean).toBe(true);
  });

  test('7.1.1 TCP ends cleanly, although bytes come that nobody reads', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([close(1000), Buffer.alloc(500_000)]));
    await expectClosed(peer, 1000);
    expect(peer.client.socket.errored).toBeNull();
  });
});

describe('the closing handshake', () => {
  test.each<[number | undefined, string | undefined]>([
    [undefined, undefined],
    [1000, undefined],
    [1001, 'going'],
    [3000, 'é'.repeat(61)],
    [4999, 'x'.repeat(123)],
  ])(
    '7.1.2 the closing handshake starts with a Close of the code and reason that are given: %s %s',
    async (code, reason) => {
      const peer = await closedByServer(code, reason);
      peer.client.write(close(1000));
      expect(await peer.client.end()).toHaveLength(0);
    },
  );

  test('7.1.3 the closing handshake has started as soon as a Close was sent', async () => {
    const { connection } = await opened();
    expect([connection.state, connection.signal.aborted]).toEqual(['open', false]);
    void connection.close(1000);
    expect([connection.state, connection.signal.aborted]).toEqual(['closing', true]);
  });

  test('7.1.3 the closing handshake has started as soon as a Close was received', async () => {
    const { client, connection } = await opened();
    const { signal } = connection;
    client.write(close(1000));
    await client.closeFrame();
    expect([connection.state, signal.aborted]).toEqual(['closing', true]);
  });

  test('7.1.4 the connection is closed when TCP is, and clean after a closing handshake', async () => {
    const peer = await closedByServer(1000);
    peer.client.write(close(1000));
    await peer.client.end();
    expect(peer.connection.state).toBe('closing');
    peer.client.socket.end();
    expect((await peer.closed).clean).toBe(true);
    expect(peer.connection.state).toBe('closed');
  });

  const lost: [string, (peer: Peer) => void][] = [
    ['by a reset', ({ client }) => client.socket.resetAndDestroy()],
    ['by its end', ({ client }) => client.socket.end()],
    ['by its end inside a frame', ({ client }) => client.socket.end(text('cut').subarray(0, 7))],
    ['by its end inside a Close', ({ client }) => client.socket.end(close(1000).subarray(0, 7))],
    [
      'while the server waits for an answer',
      ({ client, connection }) => {
        void connection.close(1000);
        client.socket.end();
      },
    ],
  ];

  test.each(lost)(
    '7.1.4 TCP that ends without a closing handshake is not clean, and its code 1006: %s',
    async (...row) => {
      const peer = await opened();
      row[1](peer);
      expect(await peer.closed).toEqual({ code: 1006, reason: '', clean: false });
    },
  );

  test.each<[string, Buffer[], number, string]>([
    ['that of the Close', [close(4000, 'so')], 4000, 'so'],
    ['1005 without one', [close()], 1005, ''],
    ['that of the first Close', [close(1001, 'first'), close(4000, 'second')], 1001, 'first'],
  ])('7.1.5 the code, and 7.1.6 the reason, are those that the peer sent: %s', async (_which, frames, code, reason) => {
    const peer = await opened();
    peer.client.write(Buffer.concat(frames));
    await expectClosed(peer, code, reason);
  });

  test('7.1.5 the code is that of the peer also when the server closed first', async () => {
    const { client, closed } = await closedByServer(4000, 'ours');
    client.write(close(4001, 'theirs'));
    await client.end();
    client.socket.end();
    expect(await closed).toEqual({ code: 4001, reason: 'theirs', clean: true });
  });

  test('7.1.6 a reason is text, up to 123 bytes of it', async () => {
    const reason = `${'€'.repeat(41)}`;
    const peer = await opened();
    peer.client.write(close(1000, reason));
    await expectClosed(peer, 1000, reason);
  });
});

describe('failing the connection', () => {
  const violations: [string, number, FrameParts][] = [
    ['ReservedBits', 1002, { opcode: 1, rsv: 1 }],
    ['ReservedOpcode', 1002, { opcode: 3 }],
    ['NotMasked', 1002, { opcode: 1, mask: null }],
    ['FragmentedControl', 1002, { opcode: 9, fin: false }],
    ['ControlTooLong', 1002, { opcode: 9, declared: 126n }],
    ['UnexpectedContinuation', 1002, { opcode: 0 }],
    ['LengthNotMinimal', 1002, { opcode: 1, lengthBytes: 2 }],
    ['LengthTopBit', 1002, { opcode: 1, declared: 2n ** 63n }],
    ['InvalidCloseLength', 1002, { opcode: CLOSE, payload: 'x' }],
    ['InvalidCloseCode', 1002, { opcode: CLOSE, payload: Buffer.from([3, 0xed]) }],
    ['InvalidUtf8', 1007, { opcode: 1, payload: Buffer.from([0x80]) }],
    ['MessageTooBig', 1009, { opcode: 1, declared: 2n ** 21n }],
  ];

  test.each(violations)('7.1.7 the server says why, ends TCP and reads no more: %s, %i', async (name, code, broken) => {
    const peer = await opened();
    peer.client.write(Buffer.concat([clientFrame(broken), text('late'), ping('late'), close(1000)]));
    await expectFailed(peer, code);
    expect(peer.messages).toEqual([]);
    expect(peer.violations).toEqual([name]);
  });

  test('7.1.7 not even a Close counts after it, in a later packet either', async () => {
    const peer = await opened();
    peer.client.write(text('x', { mask: null }));
    expect((await peer.client.closeFrame()).code).toBe(1002);
    peer.client.write(Buffer.concat([close(1000), text('late')]));
    peer.client.socket.end();
    expect(await peer.closed).toEqual({ code: 1006, reason: '', clean: false });
    expect(peer.messages).toEqual([]);
  });

  test('7.1.7 after our own Close it ends TCP without a second one', async () => {
    for (const broken of [close(1005), text('x', { mask: null }), clientFrame({ opcode: CLOSE, payload: 'x' })]) {
      const peer = await closedByServer(1000);
      peer.client.write(broken);
      expect(await peer.client.end()).toHaveLength(0);
      peer.client.socket.end();
      expect(await peer.closed).toEqual({ code: 1006, reason: '', clean: false });
    }
  });

  test('7.1.7 what was wholly received before is answered before', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([text('early'), text('a', { fin: false }), text('broken')]));
    await expectMessage(peer.client, 'early');
    await expectFailed(peer, 1002);
  });

  test('7.1.7 other connections do not notice', async () => {
    const [broken, other] = [await opened(), await opened()];
    broken.client.write(continuation('x'));
    await expectFailed(broken, 1002);
    await expectSilence(other);
  });
});

describe('codes', () => {
  test.each(VALID)('7.4 a Close may have this code, and is answered with it: %i', async (code) => {
    const peer = await opened();
    peer.client.write(close(code));
    await expectClosed(peer, code);
    (await closedByServer(code)).client.destroy();
  });

  test.each(RESERVED)('7.4.1 this code does not travel: a Close with it fails the connection: %i', async (code) => {
    const peer = await opened();
    peer.client.write(close(code, 'reason'));
    await expectFailed(peer, 1002);
  });

  test.each([...RESERVED, ...UNDEFINED, 1000.5, -1, NaN])(
    '7.4 the server sends no Close with such a code: %d',
    async (code) => {
      const peer = await opened();
      expect(() => void peer.connection.close(code)).toThrow(RangeError);
      await expectSilence(peer);
    },
  );

  test.each(UNDEFINED)('7.4.2 a Close with a code outside of the ranges fails the connection: %i', async (code) => {
    const peer = await opened();
    peer.client.write(close(code));
    await expectFailed(peer, 1002);
  });

  const boom = (): never => {
    throw new Error('boom');
  };
  const closing: [number, string, Setting['endpoint'], (peer: Peer) => void][] = [
    [1003, 'a text that nobody takes', { text: undefined }, ({ client }) => client.write(text('x'))],
    [1003, 'bytes that nobody takes', { binary: undefined }, ({ client }) => client.write(binary(Buffer.of(1)))],
    [1011, 'a handler that throws', { text: boom }, ({ client }) => client.write(text('x'))],
    [1001, 'a server that stops', {}, ({ engine }) => void engine.close()],
  ];

  test.each(closing)(
    '7.4.1 the server uses the codes as they are defined: %i for %s',
    async (code, _why, endpoint, act) => {
      const peer = await opened({ endpoint });
      act(peer);
      expect((await peer.client.closeFrame()).code).toBe(code);
      peer.client.write(close(code));
      expect(await peer.client.end()).toHaveLength(0);
      peer.client.socket.end();
      expect(await peer.closed).toEqual({ code, reason: '', clean: true });
    },
  );

  test('7.3 the server may close whenever it wants, and does it by the closing handshake', async () => {
    const connection = deferred<Connection>();
    const peer = await opened({ endpoint: { open: (each) => connection.resolve(each) } });
    void (await connection.promise).close(1000);
    expect((await peer.client.closeFrame()).code).toBe(1000);
    expect(peer.client.socket.readableEnded).toBe(false);
  });
});
