import { negotiateDeflate, type DeflateWishes } from '../../src/handshake/deflate-negotiation';
import { parseExtensions } from '../../src/handshake/extensions';

const STRICT: DeflateWishes = {
  serverContextTakeover: false,
  clientContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const FREE: DeflateWishes = { ...STRICT, serverContextTakeover: true, clientContextTakeover: true };

function answer(header: string, wishes: DeflateWishes = FREE): string | undefined {
  return negotiateDeflate(parseExtensions(header)!, wishes)?.header;
}

const P = 'permessage-deflate';

test.each([
  [P, P],
  [`${P}; client_max_window_bits`, P],
  [`${P}; client_max_window_bits=15`, P],
  [`${P}; client_max_window_bits=10`, `${P}; client_max_window_bits=10`],
  [`${P}; server_max_window_bits=8`, `${P}; server_max_window_bits=8`],
  [`${P}; server_max_window_bits="12"`, `${P}; server_max_window_bits=12`],
  [`${P}; server_max_window_bits=15`, `${P}; server_max_window_bits=15`],
  [`${P}; server_no_context_takeover`, `${P}; server_no_context_takeover`],
  [`${P}; client_no_context_takeover`, `${P}; client_no_context_takeover`],
])('RFC 7692 7.1: the offer %j is answered %j', (offer, expected) => {
  expect(answer(offer)).toBe(expected);
});

test('by default neither side keeps a context', () => {
  expect(answer(`${P}; client_max_window_bits`, STRICT)).toBe(
    `${P}; server_no_context_takeover; client_no_context_takeover`,
  );
});

test('the server may ask for smaller windows, the client’s only where the client offers it (7.1.2.2)', () => {
  const wishes = { ...FREE, serverMaxWindowBits: 10, clientMaxWindowBits: 9 };
  expect(answer(P, wishes)).toBe(`${P}; server_max_window_bits=10`);
  expect(answer(`${P}; client_max_window_bits`, wishes)).toBe(
    `${P}; server_max_window_bits=10; client_max_window_bits=9`,
  );
  expect(answer(`${P}; client_max_window_bits=8; server_max_window_bits=12`, wishes)).toBe(
    `${P}; server_max_window_bits=10; client_max_window_bits=8`,
  );
  expect(negotiateDeflate(parseExtensions(P)!, wishes)!.parameters.clientMaxWindowBits).toBe(15);
});

test.each([
  'foo',
  'permessage-bzip2',
  'x-webkit-deflate-frame',
  `${P}; unknown`,
  `${P}; unknown=1`,
  `${P}; constructor`,
  `${P}; server_no_context_takeover=1`,
  `${P}; client_no_context_takeover=true`,
  `${P}; server_no_context_takeover; server_no_context_takeover`,
  `${P}; server_max_window_bits`,
  ...['server_max_window_bits', 'client_max_window_bits'].flatMap((name) =>
    ['7', '16', '015', '08', '1e1', '0x9', '-8', '8.0', '99', 'a'].map((value) => `${P}; ${name}=${value}`),
  ),
  `${P}; client_max_window_bits; client_max_window_bits=10`,
  `${P}; server_max_window_bits=10; server_max_window_bits=10`,
])('the offer %j is declined, and the next is tried', (offer) => {
  expect(answer(offer)).toBeUndefined();
  expect(answer(`${offer}, ${P}; client_no_context_takeover`)).toBe(`${P}; client_no_context_takeover`);
});

test('the first offer that can be taken is taken', () => {
  expect(answer(`${P}; server_max_window_bits=9, ${P}`)).toBe(`${P}; server_max_window_bits=9`);
});
