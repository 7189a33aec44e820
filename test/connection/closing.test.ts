import type { CloseInfo, Connection } from '../../src/engine';
import { PONG, close, continuation, ping, text } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

describe('the closing handshake', () => {
  test.each([
    [1000, 'bye'],
    [1001, ''],
    [3000, ''],
    [4999, 'x'.repeat(123)],
    [1005, ''],
  ])('a close with %d is answered with the same code, then the server ends TCP', async (code, reason) => {
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
    const client = await RawClient.open(engine.url, '/');
    client.write(code === 1005 ? close() : close(code, reason));
    expect((await client.closeFrame()).code).toBe(code);
    expect(await client.end()).toHaveLength(0);
    client.socket.end();
    expect(await closed.promise).toEqual({ code, reason, clean: true });
    expect(engine.connections.size).toBe(0);
  });

  test('nothing is answered after a close frame (RFC 6455 5.5.1)', async () => {
    const messages: string[] = [];
    const engine = await startEngine([{ path: '/', text: (_connection, message) => void messages.push(message) }]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([close(1000), text('late'), ping()]));
    expect((await client.closeFrame()).code).toBe(1000);
    expect(await client.end()).toHaveLength(0);
    expect(messages).toEqual([]);
  });

  test('closed by us: the peer answers, and its answer is what we report', async () => {
    let ours: Promise<CloseInfo> | undefined;
    const engine = await startEngine([
      { path: '/', text: (connection) => void (ours = connection.close(4000, 'enough')) },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    expect(await client.closeFrame()).toEqual({ code: 4000, reason: 'enough' });
    client.write(close(4001, 'fine'));
    await client.end();
    client.socket.end();
    expect(await ours).toEqual({ code: 4001, reason: 'fine', clean: true });
  });

  test('a message under way when we close is still delivered, one that begins later is not', async () => {
    const messages: string[] = [];
    const delivered = deferred();
    const engine = await startEngine([
      {
        path: '/',
        binary: (connection) => void connection.close(1000),
        text: (_connection, message) => {
          messages.push(message);
          delivered.resolve();
        },
        ping: (connection) => void connection.close(1000),
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('under ', { fin: false }), ping('close!')]));
    expect((await client.frame()).opcode).toBe(PONG);
    expect((await client.closeFrame()).code).toBe(1000);
    client.write(Buffer.concat([continuation('way'), text('later'), close(1000)]));
    await delivered.promise;
    await client.end();
    expect(messages).toEqual(['under way']);
  });

  test('a peer that never answers our close is terminated at closeTimeoutMs and reported as 1006', async () => {
    const clock = new ManualClock();
    let ours: Promise<CloseInfo> | undefined;
    const engine = await startEngine([{ path: '/', text: (connection) => void (ours = connection.close(1000)) }], {
      clock,
    });
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    await client.closeFrame();
    clock.advance(4_999);
    expect(engine.connections.size).toBe(1);
    clock.advance(1);
    expect(await ours).toEqual({ code: 1006, reason: '', clean: false });
    await client.end();
  });

  test('a peer that answers but never ends TCP is terminated at closeTimeoutMs', async () => {
    const clock = new ManualClock();
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }], { clock });
    const client = await RawClient.open(engine.url, '/');
    client.write(close(1000));
    await client.end();
    expect(engine.connections.size).toBe(1);
    clock.advance(5_000);
    expect(await closed.promise).toEqual({ code: 1000, reason: '', clean: true });
  });

  test.each([
    ['resets', (client: RawClient) => client.socket.resetAndDestroy()],
    ['ends TCP', (client: RawClient) => client.socket.end()],
    ['ends TCP inside a frame', (client: RawClient) => client.socket.end(text('cut').subarray(0, 5))],
  ])('a peer that %s without a close frame is reported as 1006', async (_how, leave) => {
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
    const client = await RawClient.open(engine.url, '/');
    leave(client);
    expect(await closed.promise).toEqual({ code: 1006, reason: '', clean: false });
  });

  test('close, terminate and send in every order are harmless', async () => {
    const ended = deferred<Connection>();
    const engine = await startEngine([
      {
        path: '/',
        text: (connection) => {
          void connection.close(1000);
          void connection.close(1001);
          expect(connection.send('x')).toBe(false);
          connection.terminate();
          connection.terminate();
          void connection.close();
          connection.pong();
        },
        close: (connection) => ended.resolve(connection),
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    const connection = await ended.promise;
    expect(connection.state).toBe('closed');
    expect(connection.send('x')).toBe(false);
    expect(await connection.close()).toEqual({ code: 1006, reason: '', clean: false });
    await expect(connection.ping()).rejects.toThrow('closed');
  });
});

test.each([
  ['a reserved bit', text('x', { rsv: 4 }), 1002],
  ['an unmasked frame', text('x', { mask: null }), 1002],
  ['invalid UTF-8', text(Buffer.from([0xff])), 1007],
  ['a declared length beyond the limit', text('', { declared: 1_048_577n }), 1009],
  ['a close code that may not travel', close(1005), 1002],
])('%s closes the connection, reported as 1006', async (_what, bytes, code) => {
  const closed = deferred<CloseInfo>();
  const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('before'), bytes]));
  expect((await client.frame()).payload.toString()).toBe('before');
  expect((await client.closeFrame()).code).toBe(code);
  expect(await client.end()).toHaveLength(0);
  client.socket.end();
  expect(await closed.promise).toEqual({ code: 1006, reason: '', clean: false });
});
