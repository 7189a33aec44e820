import { startEngine } from '../support/engine';
import { RawClient, type HttpAnswer } from '../support/raw-client';

/** Sends these fields of `Sec-WebSocket-Extensions` to a server with permessage-deflate, or without extensions. */
async function offer(fields: string[], compression = true): Promise<HttpAnswer> {
  const engine = await startEngine([{ path: '/' }], { compression });
  const client = await RawClient.connect(engine.url);
  const lines = [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...fields.map((value) => `Sec-WebSocket-Extensions: ${value}`),
  ];
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
  const answer = await client.answer();
  if (answer.status !== 101) expect(await client.end()).toHaveLength(0);
  client.destroy();
  return answer;
}

const agreed = async (...fields: string[]): Promise<string | undefined> => {
  const { status, headers } = await offer(fields);
  expect(status).toBe(101);
  return headers['sec-websocket-extensions'];
};

const DEFLATE = 'permessage-deflate; server_no_context_takeover';

const malformed = [
  '',
  ',',
  ' , ,',
  ';',
  'a b',
  'a;',
  'a; ',
  '; a',
  'a; =1',
  'a; b=',
  'a; b=c=d',
  'a; b c',
  'a; b="c',
  'a; b=c"',
  'a; b="c"d',
  'a; b=""',
  'a; b="c d"',
  'a; b="c,d"',
  'a; b="c;d"',
  'a; b="\\"',
  'a; b="c\\',
  'a; b="\\""',
  "a; b='c d'",
  'a, b c',
  'a/b',
  'a(b)',
  'a=b',
  '"a"',
  'a; "b"',
  'a; b={}',
  'caf\u00e9',
];

test.each(malformed)(
  '9.1 what does not conform to the grammar is refused, and the connection ended: %j',
  async (value) => {
    expect((await offer([value])).status).toBe(400);
    expect((await offer([value], false)).status).toBe(400);
  },
);

test.each([
  'a',
  'a, b',
  'a;b',
  'a ; b ; c',
  'a; b=c',
  'a; b = c',
  'a; b="c"',
  'a; b="\\c\\d"',
  'a,,b',
  ', a,',
  '\ta\t;\tb\t',
  "!#$%&'*+-.^_`|~; !#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
])('9.1 what conforms to the grammar is no error, whether it is known or not: %j', async (value) => {
  expect(await agreed(value)).toBeUndefined();
  expect(await agreed(`${value}, permessage-deflate`)).toBe(DEFLATE);
});

test('9.1 a quoted value stands for what is in it, which must be a token', async () => {
  expect(await agreed('permessage-deflate; server_max_window_bits="10"')).toBe(`${DEFLATE}; server_max_window_bits=10`);
  expect(await agreed('permessage-deflate; server_max_window_bits="\\1\\0"')).toBe(
    `${DEFLATE}; server_max_window_bits=10`,
  );
  expect((await offer(['permessage-deflate; server_max_window_bits=" 10"'])).status).toBe(400);
});

test('9.1 the list may be split into several fields; 11.3.2 they are one', async () => {
  expect(await agreed('a; b', 'permessage-deflate; server_max_window_bits=9', 'c')).toBe(
    `${DEFLATE}; server_max_window_bits=9`,
  );
  expect((await offer(['permessage-deflate', 'a b'])).status).toBe(400);
});

test('9.1 the order of offers counts: the first that can be taken is', async () => {
  const first = 'permessage-deflate; server_max_window_bits=9';
  const second = 'permessage-deflate; server_max_window_bits=12';
  expect(await agreed(`${first}, ${second}`)).toBe(`${DEFLATE}; server_max_window_bits=9`);
  expect(await agreed(`${second}, ${first}`)).toBe(`${DEFLATE}; server_max_window_bits=12`);
});

test.each<[string[], boolean]>([
  [[], true],
  [['x-webkit-deflate-frame'], true],
  [['permessage-bzip2, permessage-deflate2'], true],
  [['permessage-deflate'], false],
])(
  '9 the answer has no extension that was not asked for and is not spoken, and then no such field: %j %s',
  async (...row) => {
    const { status, headers } = await offer(...row);
    expect(status).toBe(101);
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
  },
);

test('9.1 the parameters of the answer are those that the extension defines, each once', async () => {
  const answer = await agreed(
    'permessage-deflate; client_max_window_bits=10; client_no_context_takeover; server_max_window_bits=11',
  );
  const [name, ...params] = answer!.split('; ');
  expect(name).toBe('permessage-deflate');
  expect(params.sort()).toEqual([
    'client_max_window_bits=10',
    'client_no_context_takeover',
    'server_max_window_bits=11',
    'server_no_context_takeover',
  ]);
});

test('11.3.2 the answer has one field for all it takes, and takes one of several offers of the same', async () => {
  expect(await agreed('permessage-deflate, permessage-deflate', 'permessage-deflate')).toBe(DEFLATE);
});
