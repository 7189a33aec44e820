import type { Compression } from '../../src/engine';
import { startEngine } from '../support/engine';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { readAgreed } from './deflate-peer';
import { expectMessage, opened } from './peer';

/** The extensions in one server's answers to these offers, one after the other. */
async function answersTo(offers: string[], compression: Compression | boolean = true): Promise<(string | undefined)[]> {
  const engine = await startEngine([{ path: '/' }], { compression });
  const answers: (string | undefined)[] = [];
  for (const offer of offers) {
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', { 'Sec-WebSocket-Extensions': offer });
    const { status, headers } = await client.answer();
    expect(status).toBe(101);
    answers.push(headers['sec-websocket-extensions']);
    client.destroy();
  }
  return answers;
}

const answerTo = async (offer: string, compression?: Compression): Promise<string | undefined> =>
  (await answersTo([offer], compression))[0];

const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15];
const ON = { serverContextTakeover: true, clientContextTakeover: true };

/** All valid offers. */
const OFFERS = ['', '; server_no_context_takeover'].flatMap((serverTakeover) =>
  ['', '; client_no_context_takeover'].flatMap((clientTakeover) =>
    ['', ...WINDOWS.map((bits) => `; server_max_window_bits=${bits}`)].flatMap((serverBits) =>
      ['', '; client_max_window_bits', ...WINDOWS.map((bits) => `; client_max_window_bits=${bits}`)].map(
        (clientBits) => `permessage-deflate${serverTakeover}${clientTakeover}${serverBits}${clientBits}`,
      ),
    ),
  ),
);

/** A parameter of an offer or answer; NaN without a value, undefined where it is absent. */
const param = (header: string, name: string): number | undefined => {
  const found = new RegExp(`; ${name}(?:=(\\d+))?(?:;|$)`).exec(header);
  return found === null ? undefined : Number(found[1] ?? NaN);
};

describe.each<[string, Compression]>([
  ['a server with the defaults', {}],
  ['a server that remembers nothing of clients', { clientContextTakeover: false }],
  ['a server that takes context over', ON],
  ['a server with small windows', { ...ON, serverMaxWindowBits: 10, clientMaxWindowBits: 9 }],
])('%s', (_what, compression) => {
  let answers: (string | undefined)[];

  beforeAll(async () => {
    answers = await answersTo(OFFERS, compression);
  });

  const each = (check: (offer: string, answer: string) => void): void =>
    OFFERS.forEach((offer, index) => check(offer, answers[index]!));

  test('7.1 each of the 360 offers that are in order is taken, with an answer that a client must take', () => {
    each((_offer, answer) => void readAgreed(answer));
  });

  test('7.1.1.1 asked for server_no_context_takeover, the server agrees, and does as it wants otherwise', () => {
    each((offer, answer) => {
      const agreed = param(answer, 'server_no_context_takeover') !== undefined;
      const asked = param(offer, 'server_no_context_takeover') !== undefined;
      expect(agreed).toBe(asked || compression.serverContextTakeover !== true);
    });
  });

  test('7.1.1.2 client_no_context_takeover is in the answer where the client hints at it or the server will not remember', () => {
    each((offer, answer) => {
      const agreed = param(answer, 'client_no_context_takeover') !== undefined;
      const hinted = param(offer, 'client_no_context_takeover') !== undefined;
      expect(agreed).toBe(hinted || compression.clientContextTakeover === false);
    });
  });

  test('7.1.2.1 asked for server_max_window_bits, the server answers with that or less', () => {
    each((offer, answer) => {
      const asked = param(offer, 'server_max_window_bits');
      if (asked === undefined) return;
      expect(param(answer, 'server_max_window_bits')).toBe(Math.min(asked, compression.serverMaxWindowBits ?? 15));
    });
  });

  test('7.1.2.2 client_max_window_bits is in an answer only where it was offered, and no larger than that', () => {
    each((offer, answer) => {
      const [asked, agreed] = [param(offer, 'client_max_window_bits'), param(answer, 'client_max_window_bits')];
      if (asked === undefined) expect(agreed).toBeUndefined();
      else if (agreed !== undefined) expect(agreed).toBeLessThanOrEqual(Number.isNaN(asked) ? 15 : asked);
    });
  });
});

const DECLINED = [
  ...['7', '16', '0', '08', '015', '+9', '9.0', '1e1', '0x9', '99', '-9', 'ten', '"08"'].flatMap((value) => [
    `server_max_window_bits=${value}`,
    `client_max_window_bits=${value}`,
  ]),
  'server_max_window_bits',
  'server_no_context_takeover=1',
  'server_no_context_takeover=true',
  'client_no_context_takeover=10',
  'client_no_context_takeover="8"',
];

test.each(DECLINED)('7.1 an offer with an invalid value is declined: %s', async (params) => {
  expect(await answerTo(`permessage-deflate; ${params}`)).toBeUndefined();
});

test.each(['level', 'level=9', 'max_window_bits=10', 'Server_No_Context_Takeover', 'toString', '__proto__=8'])(
  '7.1 an offer with a parameter that is not defined is declined: %s',
  async (params) => {
    expect(await answerTo(`permessage-deflate; ${params}`)).toBeUndefined();
    expect(await answerTo(`permessage-deflate; client_max_window_bits; ${params}`)).toBeUndefined();
  },
);

test.each([
  'server_no_context_takeover; server_no_context_takeover',
  'client_no_context_takeover; client_no_context_takeover',
  'server_max_window_bits=10; server_max_window_bits=10',
  'client_max_window_bits; client_max_window_bits',
  'client_max_window_bits; client_max_window_bits=10',
  'client_max_window_bits=9; server_no_context_takeover; client_max_window_bits=10',
])('7.1 an offer with a parameter twice is declined: %s', async (params) => {
  expect(await answerTo(`permessage-deflate; ${params}`)).toBeUndefined();
});

test('5.1 where an offer is declined the next is tried, and the first that can be taken wins', async () => {
  const good = 'permessage-deflate; server_max_window_bits=9';
  const bad = 'permessage-deflate; server_max_window_bits=16';
  const other = 'permessage-deflate; server_max_window_bits=12';
  const [first, second, neither] = await answersTo([
    `${bad}, ${good}, ${other}`,
    `${other}, ${good}`,
    `${bad}, ${bad}`,
  ]);
  expect(readAgreed(first!).serverBits).toBe(9);
  expect(readAgreed(second!).serverBits).toBe(12);
  expect(neither).toBeUndefined();
});

test('5.1 no other extension is taken beside, so that none can use the same bit', async () => {
  const offer = 'x-webkit-deflate-frame, permessage-bzip2, permessage-deflate, mux; max-channels=4';
  expect(await answerTo(offer, ON)).toBe('permessage-deflate');
});

test('5.1 where no offer is taken the connection opens without compression', async () => {
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=7' };
  const { client, connection } = await opened({ headers, options: { compression: { threshold: 0 } } });
  expect(connection.compressed).toBe(false);
  client.write(text('plain'));
  await expectMessage(client, 'plain');
});

test('7.1 the same parameters mean the same in any order', async () => {
  const params = ['server_no_context_takeover', 'client_max_window_bits=12', 'server_max_window_bits=11'];
  const orders = [params, [...params].reverse(), [params[1], params[0], params[2]]];
  const answers = await answersTo(
    orders.map((order) => `permessage-deflate; ${order.join('; ')}`),
    ON,
  );
  for (const answer of answers) {
    expect(readAgreed(answer!)).toEqual({
      serverTakeover: false,
      clientTakeover: true,
      serverBits: 11,
      clientBits: 12,
    });
  }
});
