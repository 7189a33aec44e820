import { OnMessage, WebSocketPath } from '../../src';
import { serve } from '../support/serve';

const handled: string[] = [];

@WebSocketPath('/', { limits: { messagesPerSecond: 1 } })
class Slow {
  @OnMessage('say')
  say(text: string): string {
    handled.push(text);
    return text;
  }

  @OnMessage()
  plain(text: string): string {
    handled.push(text);
    return text;
  }
}

beforeEach(() => void handled.splice(0));

async function atTheLimit() {
  const app = await serve([Slow]);
  const client = await app.connect('/');
  client.emit('say', 'first');
  expect(await client.receiveEvent()).toEqual({ event: 'say', data: 'first' });
  return { app, client };
}

const ERROR = { code: 'rate_limited', message: 'Too many messages.' };

test.each([
  ['with an id', 7],
  ['without one', undefined],
])('an event %s that comes too fast is answered, not handled, and the connection stays', async (_what, id) => {
  const { app, client } = await atTheLimit();
  const own = id !== undefined && { id };
  client.send(JSON.stringify({ event: 'say', data: 'second', ...own }));
  expect(await client.receiveEvent()).toEqual({ event: 'say', error: ERROR, ...own });
  await app.advance(1_000);
  client.emit('say', 'third');
  expect(await client.receiveEvent()).toEqual({ event: 'say', data: 'third' });
  expect(handled).toEqual(['first', 'third']);
});

test.each<[string, string | Buffer]>([
  ['text that is no event', 'hello'],
  ['an event whose id is none', '{"event":"say","data":"x","id":{}}'],
  ['a binary message', Buffer.from('x')],
])('%s closes the connection with 1008', async (_what, message) => {
  const { client } = await atTheLimit();
  client.send(message);
  expect(await client.closed).toMatchObject({ code: 1008, reason: 'rate limited' });
  expect(handled).toEqual(['first']);
});
