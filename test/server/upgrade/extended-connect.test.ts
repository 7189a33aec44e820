import { createServer, type Http2Server, type Settings } from 'node:http2';
import { announceConnect } from '../../../src/server/upgrade/extended-connect';
import { stateOf } from '../../support/foreign';

test.each([undefined, false, true])('extended CONNECT is announced, and afterwards as before: %s', (before) => {
  const server = createServer({
    settings: { maxFrameSize: 20_000, ...(before !== undefined && { enableConnectProtocol: before }) },
  });
  const state = stateOf(server);
  const withdraw = announceConnect(server);
  expect(stateOf(server)).toMatchObject({ settings: { maxFrameSize: 20_000, enableConnectProtocol: true } });
  withdraw();
  expect(stateOf(server)).toEqual(state);
});

test.each(['first in, first out', 'first in, last out'])('two of them: %s', (order) => {
  const server = createServer({ settings: { enableConnectProtocol: true } });
  const state = stateOf(server);
  const both = [announceConnect(server), announceConnect(server)];
  if (order.endsWith('last out')) both.reverse();
  both[0]!();
  expect(stateOf(server)).toMatchObject({ settings: { enableConnectProtocol: true } });
  both[1]!();
  expect(stateOf(server)).toEqual(state);
});

test('where the settings are not to be found, it is off afterwards', () => {
  const said: Settings[] = [];
  const server = { updateSettings: (settings: Settings) => void said.push(settings) } as unknown as Http2Server;
  announceConnect(server)();
  expect(said).toEqual([{ enableConnectProtocol: true }, { enableConnectProtocol: false }]);
});
