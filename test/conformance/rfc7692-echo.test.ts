import { randomBytes } from 'node:crypto';
import type { Compression } from '../../src/engine';
import { DeflatePeer, prose } from './deflate-peer';

const SIZES: [number, number][] = [
  ...[16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072].map((size): [number, number] => [
    size,
    Infinity,
  ]),
  [8_192, 256],
  [131_072, 256],
  [131_072, 1_024],
  [131_072, 4_096],
  [131_072, 32_768],
];

const TAKEOVER: [boolean, boolean][] = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
];

/** Offers of clients: those of the Autobahn test suite, and more. */
const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; server_no_context_takeover; client_max_window_bits',
  'permessage-deflate; server_max_window_bits=9; client_max_window_bits',
  'permessage-deflate; server_max_window_bits=15; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9',
  'permessage-deflate; server_no_context_takeover; server_max_window_bits=15; client_no_context_takeover',
  'permessage-deflate; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; server_no_context_takeover, permessage-deflate',
];

const messages = (size: number): (string | Buffer)[] => [
  prose(size, 1),
  Buffer.from(prose(size, 2)),
  randomBytes(size),
  prose(size, 1),
  Buffer.concat([randomBytes(size >> 1), Buffer.from(prose(size - (size >> 1), 3))]),
];

test.each(SIZES)('7.2 messages come back as they were: %i bytes in fragments of %s', async (size, fragment) => {
  for (const [serverContextTakeover, clientContextTakeover] of TAKEOVER) {
    const deflate = await DeflatePeer.open({ serverContextTakeover, clientContextTakeover });
    for (const message of messages(size)) await deflate.expectEcho(message, fragment);
  }
});

const both = TAKEOVER.flatMap((takeover) => OFFERS.map((offer) => [...takeover, offer] as const));

test.each(both)('7.2 messages come back whatever was agreed on: takeover %s, %s, %s', async (server, client, offer) => {
  const compression: Compression = { serverContextTakeover: server, clientContextTakeover: client };
  const deflate = await DeflatePeer.open(compression, { headers: { 'Sec-WebSocket-Extensions': offer } });
  for (const size of [1, 300, 5_000]) {
    for (const message of messages(size)) await deflate.expectEcho(message, 700);
  }
});

const windows = [8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits) =>
  TAKEOVER.map((takeover) => [bits, ...takeover] as const),
);

test.each(windows)(
  '7.2 messages come back with every window both ways: %i bits, takeover %s, %s',
  async (bits, server, client) => {
    const deflate = await DeflatePeer.open({
      serverContextTakeover: server,
      clientContextTakeover: client,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
    });
    expect(deflate.agreed).toEqual({
      serverTakeover: server,
      clientTakeover: client,
      serverBits: bits,
      clientBits: bits,
    });
    for (const size of [100, 256, 511, 1_000, 20_000, 100]) {
      for (const message of messages(size)) await deflate.expectEcho(message);
    }
  },
);
