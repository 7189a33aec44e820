import { randomBytes } from 'node:crypto';
import { deflateMessage } from '../support/deflate';
import {
  binary,
  BINARY,
  clientFrame,
  close,
  CLOSE,
  continuation,
  ping,
  PING,
  PONG,
  pong,
  text,
  TEXT,
} from '../support/frames';
import { compressedFrames, DeflatePeer, prose } from './deflate-peer';
import { expectFailed, expectMessage, expectSilence, summary } from './peer';

describe('what the server sends', () => {
  test('6.1 a compressed message keeps its opcode and has RSV1 in its first frame', async () => {
    const { client, peer } = await DeflatePeer.open();
    peer.connection.send('text');
    peer.connection.send(Buffer.from('binary'));
    peer.connection.send('');
    expect(summary(await client.frame())).toEqual({ opcode: TEXT, fin: true, rsv: 4 });
    expect(summary(await client.frame())).toEqual({ opcode: BINARY, fin: true, rsv: 4 });
    expect(summary(await client.frame())).toEqual({ opcode: TEXT, fin: true, rsv: 4 });
  });

  test('6 a message without RSV1 is sent as it is', async () => {
    const deflate = await DeflatePeer.open({ threshold: 100 });
    const { client, peer } = deflate;
    peer.connection.send('short');
    peer.connection.send(prose(500), { compress: false });
    peer.connection.send(prose(500));
    await expectMessage(client, 'short');
    await expectMessage(client, prose(500));
    expect((await deflate.receive()).message).toBe(prose(500));
  });

  test('6.1 control frames and continuations never have RSV1', async () => {
    const { client, peer } = await DeflatePeer.open();
    const { connection } = peer;
    client.write(ping('p'));
    expect(summary(await client.frame())).toEqual({ opcode: PONG, fin: true, rsv: 0 });
    void connection.ping(prose(100));
    connection.pong(prose(100));
    expect(summary(await client.frame())).toEqual({ opcode: PING, fin: true, rsv: 0 });
    expect(summary(await client.frame())).toEqual({ opcode: PONG, fin: true, rsv: 0 });
    await connection.sendStream([prose(2_000), prose(2_000)]);
    const fragments = [await client.frame(), await client.frame(), await client.frame()];
    expect(fragments.map(({ opcode, rsv }) => [opcode, opcode === 0 ? rsv : 0])).toEqual([
      [TEXT, 0],
      [0, 0],
      [0, 0],
    ]);
    void connection.close(1000, prose(100));
    expect(summary(await client.frame())).toEqual({ opcode: CLOSE, fin: true, rsv: 0 });
  });
});

describe('what the server receives', () => {
  test.each<[string, Buffer]>([
    ['a ping', clientFrame({ opcode: PING, rsv: 4 })],
    ['a pong', clientFrame({ opcode: PONG, rsv: 4, payload: 'x' })],
    ['a Close', clientFrame({ opcode: CLOSE, rsv: 4, payload: Buffer.of(3, 0xe8) })],
  ])('6.1 RSV1 on a control frame fails the connection: %s', async (_what, frame) => {
    const { peer, client } = await DeflatePeer.open();
    client.write(Buffer.concat([frame, text('late')]));
    await expectFailed(peer, 1002);
    expect(peer.messages).toEqual([]);
  });

  test.each<[string, number, boolean]>([
    ['compressed, last', 4, true],
    ['compressed, not last', 4, false],
    ['not compressed, last', 0, true],
    ['not compressed, not last', 0, false],
  ])('6.1 RSV1 on a fragment that is not the first fails the connection: %s', async (_what, rsv, fin) => {
    const { peer, client } = await DeflatePeer.open();
    const [first, second] =
      rsv === 4 ? [deflateMessage('ab').subarray(0, 2), deflateMessage('ab').subarray(2)] : ['a', 'b'];
    client.write(Buffer.concat([text(first, { rsv, fin: false }), continuation(second, { rsv: 4, fin })]));
    await expectFailed(peer, 1002);
    expect(peer.messages).toEqual([]);
  });

  test.each([1, 2, 3, 5, 6, 7])(
    '6 the other reserved bits have no meaning and fail the connection: RSV %i',
    async (rsv) => {
      const { peer, client } = await DeflatePeer.open();
      client.write(text(deflateMessage('x'), { rsv }));
      await expectFailed(peer, 1002);
    },
  );

  test('6 messages with and without RSV1 may take turns', async () => {
    const deflate = await DeflatePeer.open({ clientContextTakeover: true, serverContextTakeover: true });
    for (let count = 0; count < 3; count++) {
      await deflate.expectEcho(prose(300, count));
      deflate.client.write(binary(Buffer.from('plain')));
      expect((await deflate.receive()).message).toEqual(Buffer.from('plain'));
      await deflate.expectEcho(Buffer.from(prose(300, count)));
      deflate.client.write(Buffer.concat([text('in ', { fin: false }), continuation('fragments')]));
      expect((await deflate.receive()).message).toBe('in fragments');
    }
  });

  test.each([1, 2, 7, 64, 1_000])('6.2 a compressed message may come in fragments: %i bytes each', async (size) => {
    const deflate = await DeflatePeer.open({ clientContextTakeover: true });
    for (const message of ['x', prose(3_000), randomBytes(3_000)]) await deflate.expectEcho(message, size);
  });

  test('6.2 fragments of a compressed message may be empty', async () => {
    const deflate = await DeflatePeer.open();
    const payload = deflateMessage('Hello');
    deflate.client.write(
      Buffer.concat([
        text('', { rsv: 4, fin: false }),
        continuation(payload.subarray(0, 3), { fin: false }),
        continuation('', { fin: false }),
        continuation(payload.subarray(3), { fin: false }),
        continuation(''),
      ]),
    );
    expect((await deflate.receive()).message).toBe('Hello');
  });

  test('6.2 control frames between the fragments of a compressed message are what they are', async () => {
    const deflate = await DeflatePeer.open();
    const payload = deflateMessage(prose(200));
    const first = text(payload.subarray(0, 20), { rsv: 4, fin: false });
    deflate.client.write(Buffer.concat([first, ping('now'), pong('x')]));
    expect(await deflate.client.frame()).toMatchObject({ opcode: PONG, rsv: 0, payload: Buffer.from('now') });
    deflate.client.write(continuation(payload.subarray(20)));
    expect((await deflate.receive()).message).toBe(prose(200));
  });

  test('6.1 compressed text is judged as UTF-8 only after it was inflated', async () => {
    const deflate = await DeflatePeer.open();
    await deflate.expectEcho('é€😀'.repeat(20), 1);
    deflate.sendRaw(deflateMessage(Buffer.from([0xff])), Infinity, BINARY);
    expect((await deflate.receive()).message).toEqual(Buffer.from([0xff]));
    deflate.sendRaw(deflateMessage(Buffer.from('61e282', 'hex')));
    await expectFailed(deflate.peer, 1007);
  });

  test('6 after our Close a compressed message under way is still delivered', async () => {
    const messages: string[] = [];
    const { client, peer } = await DeflatePeer.open(
      {},
      { endpoint: { text: (_, message) => void messages.push(message) } },
    );
    const bytes = compressedFrames(TEXT, deflateMessage('under way'), 4);
    client.write(bytes.subarray(0, 20));
    await expectUnderWay(peer);
    client.write(Buffer.concat([bytes.subarray(20), compressedFrames(TEXT, deflateMessage('later')), close(1000)]));
    await client.end();
    client.socket.end();
    await peer.closed;
    expect(messages).toEqual(['under way']);
  });

  async function expectUnderWay(peer: DeflatePeer['peer']): Promise<void> {
    await expectSilence(peer);
    void peer.connection.close(1000);
    expect((await peer.client.closeFrame()).code).toBe(1000);
  }
});
