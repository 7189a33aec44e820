import { close, text } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test('an observer hears of refusals, connections, broken rules and failures', async () => {
  const reports: string[] = [];
  const closed = deferred();
  const engine = await startEngine([{ ...echo, name: 'Echo', binary: () => Promise.reject(new Error('boom')) }], {
    observer: {
      handshakeRefused: ({ status }, { url, remoteAddress, headers }) =>
        void reports.push(`refused ${status} ${url} ${remoteAddress} ${headers.origin}`),
      opened: ({ path }) => void reports.push(`opened ${path}`),
      violated: (_connection, { name }) => void reports.push(`violated ${name}`),
      closed: (_connection, { code }) => {
        reports.push(`closed ${code}`);
        closed.resolve();
      },
    },
  });
  const foreign = await RawClient.connect(engine.url);
  foreign.upgrade('/?x', { Origin: 'https://evil.com' });
  await foreign.answer();
  const client = await RawClient.open(engine.url, '/');
  client.write(text('x', { rsv: 1 }));
  await client.end();
  client.socket.end();
  await closed.promise;
  expect(reports).toEqual([
    'refused 403 /?x 127.0.0.1 https://evil.com',
    'opened /',
    'violated ReservedBits',
    'closed 1006',
  ]);
});

test('without an observer nothing is missed', async () => {
  const engine = await startEngine([{ ...echo, text: () => Promise.reject(new Error('boom')) }]);
  const client = await RawClient.open(engine.url, '/');
  client.write(text('x'));
  expect((await client.closeFrame()).code).toBe(1011);
  client.write(close(1011));
});
