import type { Compression } from '../../src/engine';
import { BINARY, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { Blocks } from './deflate-blocks';
import { compressedFrames, DeflatePeer, prose } from './deflate-peer';
import { expectFailed, hex } from './peer';

const BOTH: Compression = { serverContextTakeover: true, clientContextTakeover: true };

describe.each<[string, Compression]>([
  ['with context takeover', BOTH],
  ['without', {}],
])('%s', (_what, compression) => {
  test.each<[string, string]>([
    ['a block of the type that is reserved', '06'],
    ['a stored block whose length does not fit its complement', '000500fffa48656c6c6f00'],
    ['a reference to before the beginning', new Blocks().reference(100).message().toString('hex')],
    [
      'a distance code that does not exist',
      new Blocks().header(false, 1).code(1, 7).code(30, 5).message().toString('hex'),
    ],
    ['a length code that does not exist', new Blocks().header(false, 1).code(0xc6, 8).message().toString('hex')],
    ['codes that do not add up', '04c0ffffffffffffff'],
    ['only ones', 'ffffffff'],
    ['a good block, then a bad one', '000500faff48656c6c6fff'],
    ['a final block, then a bad one', 'f348cdc9c90700ffff'],
  ])('7.2.2 what is no DEFLATE fails the connection, and only that: %s', async (_which, payload) => {
    const deflate = await DeflatePeer.open(compression);
    deflate.client.write(Buffer.concat([compressedFrames(BINARY, hex(payload)), text('late')]));
    await expectFailed(deflate.peer, 1007);
    expect(deflate.peer.messages).toEqual([]);
    const fragments = await DeflatePeer.open(compression);
    fragments.sendRaw(hex(payload), 1, BINARY);
    await expectFailed(fragments.peer, 1007);
  });
});

test('7.2.2 a connection that failed leaves those beside it as they are', async () => {
  const one = await DeflatePeer.open(BOTH);
  await one.expectEcho('Hello');
  const other = await RawClient.open(one.peer.engine.url, '/', { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
  other.write(compressedFrames(1, hex('ffffffff')));
  expect((await other.closeFrame()).code).toBe(1007);
  await one.expectEcho('Hello');
  await one.expectEcho(prose(2_000));
});

test('7.2.2 with client_no_context_takeover nothing is kept that a message could refer to', async () => {
  const deflate = await DeflatePeer.open({ clientContextTakeover: false });
  deflate.sendRaw(hex('f248cdc9c90700'));
  expect((await deflate.receive()).message).toBe('Hello');
  deflate.sendRaw(hex('f200110000'));
  await expectFailed(deflate.peer, 1007);
});
