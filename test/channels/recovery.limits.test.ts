import { Channels, Connection, MessageBody, OnMessage, WebSocketPath, type Limits } from '../../src';
import { start } from '../support/app';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';

const FILLER = 100_000;

@WebSocketPath('/log')
class Log {
  constructor(private readonly channels: Channels) {}

  /** Goes on behind what the client leaves lying, as much of it as may. */
  @OnMessage('recover')
  async recover(@MessageBody() { fill, since }: { fill: boolean; since: string }, connection: Connection) {
    const filler = Buffer.alloc(FILLER);
    while (fill && connection.bufferedBytes < 900_000) {
      connection.send(filler);
      await new Promise(setImmediate);
    }
    const subscribed = connection.subscribe('log', { since });
    this.channels.publish('log', 'last');
    return subscribed;
  }
}

/** What a client gets that comes back after 40 messages, first reading nothing; as names, without what lay there before. */
async function recovered(limits: Limits, size: number, fill: boolean): Promise<{ names: string[]; lines: string[] }> {
  const app = await start([Log], { limits, history: { log: { size: 100, ttlSeconds: 60 } } });
  const channels = app.container.resolve(Channels);
  const first = await RawClient.open(app.url, '/log');
  const [connection] = app.connections;
  const { offset } = (await connection!.subscribe('log'))!;
  first.destroy();
  for (let i = 0; i < 40; i++) channels.publish('log', `${i} ${'x'.repeat(size)}`);
  const client = await RawClient.open(app.url, '/log');
  client.socket.pause();
  client.write(text(JSON.stringify({ event: 'recover', data: { fill, since: offset }, id: 1 })));
  const back = (): Connection | undefined => [...app.connections].find((one) => one !== connection);
  while (fill && (back()?.bufferedBytes ?? 0) < 900_000) await new Promise(setImmediate);
  client.socket.resume();
  const names: string[] = [];
  while (names.at(-1) !== 'the answer') {
    const { opcode, payload } = await client.frame();
    if (opcode === 8) names.push(`closed ${payload.readUInt16BE(0)}`);
    else if (opcode === 1) names.push(payload[0] === 123 ? 'the answer' : payload.toString().split(' ')[0]!);
    if (opcode === 8) break;
  }
  client.destroy();
  return { names, lines: app.log.lines.filter((line) => line.startsWith('warn')) };
}

const ALL = [...Array.from({ length: 40 }, (_, i) => String(i)), 'last', 'the answer'];

describe.each(['close', 'drop'] as const)('who comes back under the policy %s misses nothing', (slowConsumer) => {
  test.each([
    ['behind what lies there already', {}, 300_000, true],
    ['where one message fills what may wait', { maxBufferedBytes: 65_536 }, 30_000, false],
    ['where the mark is above what may wait', { maxBufferedBytes: 20_000, highWaterMarkBytes: 100_000 }, 9_000, false],
    ['where each is larger than may wait', { maxBufferedBytes: 1000, highWaterMarkBytes: 1000 }, 9_000, false],
  ] as const)('%s', async (_, limits, size, fill) => {
    expect(await recovered({ ...limits, slowConsumer }, size, fill)).toEqual({ names: ALL, lines: [] });
  });
});
