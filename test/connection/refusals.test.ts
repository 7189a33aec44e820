import type { Endpoint, Observer, Verdict } from '../../src/engine';
import { refusalForClose, refusalWith } from '../../src/connection/refusals';
import { echo, startEngine } from '../support/engine';
import { bodyOf, Http2Client } from '../support/http2-client';
import { dial, gone, LAYERS } from '../support/layers';
import { RawClient } from '../support/raw-client';
import { settled } from '../support/serve';

test.each<[number | undefined, string | undefined, number, string]>([
  [4400, undefined, 400, 'Bad Request'],
  [4401, 'who are you?', 401, 'who are you?'],
  [4404, '', 404, 'Not Found'],
  [4499, undefined, 499, 'Refused'],
  [4500, undefined, 403, 'Forbidden'],
  [4399, 'no', 403, 'no'],
  [1008, 'policy', 403, 'policy'],
  [1000, undefined, 403, 'Forbidden'],
  [undefined, undefined, 403, 'Forbidden'],
])('a close with %p %p is refused with %i %s', (code, reason, status, body) => {
  expect(refusalForClose(code, reason)).toMatchObject({ status, body });
});

test('a 401 says how to authenticate', () => {
  expect(refusalWith(401, 'x').headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
  expect(refusalForClose(4401).headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
  expect(refusalWith(403, 'x').headers).toEqual({});
});

type Upgrade = NonNullable<Endpoint['upgrade']>;

const CLOSING: [string, Upgrade][] = [
  ['at once', (connection): undefined => void connection.close(4404, 'not here')],
  [
    'and accepts',
    (connection) => {
      void connection.close(4404, 'not here');
      return { headers: { 'X-Late': '1' } };
    },
  ],
  [
    'and waits until it is closed',
    async (connection): Promise<undefined> => void (await connection.close(4404, 'not here')),
  ],
  [
    'after a while',
    async (connection): Promise<undefined> => {
      await settled();
      void connection.close(4404, 'not here');
    },
  ],
  [
    'and never settles',
    (connection) => {
      void connection.close(4404, 'not here');
      return new Promise<Verdict>(() => {});
    },
  ],
  [
    'twice, and throws',
    (connection) => {
      void connection.close(4404, 'not here');
      void connection.close(4401);
      throw new Error('this does not count');
    },
  ],
];

describe.each(Object.entries(LAYERS))('over %s', (name, { options, reach }) => {
  const isHttp2 = name.startsWith('HTTP/2');

  async function arrive(upgrade: Upgrade) {
    const reports: string[] = [];
    const observer: Observer = {
      opened: () => void reports.push('opened'),
      abandoned: () => void reports.push('abandoned'),
      terminated: () => void reports.push('terminated'),
      handshakeRefused: ({ status }) => void reports.push(`refused with ${status}`),
    };
    const engine = await startEngine([{ ...echo, upgrade }], { ...options, observer });
    return { engine, reports, stream: await reach(await dial(engine)) };
  }

  test.each(CLOSING)('a hook that closes %s has refused, and the client is told', async (_how, upgrade) => {
    const { engine, reports, stream } = await arrive(upgrade);
    if (isHttp2) {
      const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
      const answer = await client.connect('/');
      expect([answer.status, await bodyOf(answer)]).toEqual([404, 'not here']);
      await gone(answer.stream);
    } else {
      const client = RawClient.over(stream);
      client.upgrade('/');
      expect(await client.answer()).toMatchObject({ status: 404, body: 'not here' });
      await gone(stream);
    }
    await settled();
    expect(reports).toEqual(['refused with 404']);
    expect(engine.connections.size).toBe(0);
  });

  test.each<[string, Upgrade]>([
    ['at once', (connection): undefined => connection.terminate() as undefined],
    [
      'after a while',
      async (connection): Promise<undefined> => {
        await settled();
        connection.terminate();
        void connection.close(4404);
      },
    ],
  ])('a hook that terminates %s cuts the client without an answer', async (_how, upgrade) => {
    const { engine, reports, stream } = await arrive(upgrade);
    let isAnswered = false;
    if (isHttp2) {
      const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
      const answer = client.connect('/').then(() => (isAnswered = true));
      await answer.catch(() => {});
      expect(client.streams[0]!.rstCode).toBe(8);
    } else {
      stream.on('data', () => (isAnswered = true));
      RawClient.over(stream).upgrade('/');
      await gone(stream);
    }
    await settled();
    expect(isAnswered).toBe(false);
    expect(reports).toEqual(['terminated', 'abandoned']);
    expect(engine.connections.size).toBe(0);
  });
});
