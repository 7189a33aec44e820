import { pino } from 'pino';
import { OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { close, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

@WebSocketPath('/chat', { limits: { messagesPerSecond: 2000 } })
class Chat {
  @OnMessage('chat.say')
  say(): never {
    throw new Error('boom');
  }
  @OnMessage()
  any(message: string): string {
    return message;
  }
}

type Line = Record<string, unknown> & { level: number; msg: string };

const INFO = 30;
const ERROR = 50;

/** An application that logs to pino, and what pino wrote. Its clock stands still, that of the log does not. */
async function logging() {
  const lines: Line[] = [];
  let wake = (): void => {};
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Line);
    wake();
  };
  const clock = new ManualClock();
  const app = await start([Chat], { clock, logger: pino({ base: null, timestamp: false }, { write }) });
  const written = async (count: number): Promise<Line[]> => {
    while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return lines;
  };
  return { url: app.url, lines, written };
}

test('refusals, broken rules, peers that go or complain: a line each', async () => {
  const { url, written } = await logging();
  const stranger = await RawClient.connect(url);
  stranger.upgrade('/nowhere?token=1');
  await stranger.answer();
  await written(1);

  const rude = await RawClient.open(url, '/chat');
  rude.write(text('x', { rsv: 4 }));
  await rude.end();
  rude.socket.end();
  await written(2);

  (await RawClient.open(url, '/chat')).destroy();
  await written(3);

  const critic = await RawClient.open(url, '/chat');
  critic.write(close(1007, 'not my UTF-8'));
  await critic.end();
  critic.socket.end();
  const lines = await written(4);

  const peer = { connection: expect.any(String) as string, path: '/chat', remoteAddress: '127.0.0.1' };
  expect(lines).toEqual([
    {
      level: INFO,
      status: 404,
      url: '/nowhere',
      remoteAddress: '127.0.0.1',
      msg: 'handshake refused: No WebSocket is served at this path.',
    },
    {
      level: INFO,
      ...peer,
      violation: 'ReservedBits',
      closeCode: 1002,
      msg: 'the peer broke a rule: reserved bit set',
    },
    { level: INFO, ...peer, code: 1006, msg: 'the peer went away' },
    { level: INFO, ...peer, code: 1007, reason: 'not my UTF-8', msg: 'closed with 1007' },
  ]);
});

test('a client cannot fill the log: neither with messages that fail, nor with those that come too fast', async () => {
  const { url, lines } = await logging();
  const client = await RawClient.open(url, '/chat');
  const failing = text('{"event":"chat.say"}');
  client.write(Buffer.concat(Array.from({ length: 4000 }, () => Buffer.from(failing))));
  for (let i = 0; i < 4000; i++) await client.frame();
  const errors = lines.filter(({ level }) => level === ERROR);
  const others = lines.filter(({ level }) => level !== ERROR);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors[0]).toMatchObject({ msg: 'Chat.say failed', path: '/chat', err: { type: 'Error', message: 'boom' } });
  expect(String((errors[0]!.err as Error).stack)).toContain('log-observer.pino.test');
  // ten in each second that it took
  expect(errors.length).toBeLessThanOrEqual(100);
  expect(others.map(({ msg }) => msg)).toEqual(['the peer sends too many messages']);
  client.destroy();
});
