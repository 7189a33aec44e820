import { register as defaultRegister, Registry, type OpenMetricsContentType } from 'prom-client';
import { prometheus, type PrometheusOptions } from 'portal-ws/metrics';
import {
  Channels,
  Connection,
  OnClose,
  OnMessage,
  OnUpgrade,
  PathParam,
  PortalError,
  QueryParam,
  refuse,
  WebSocketPath,
  type PortalOptions,
} from '../../../src';
import { start } from '../../support/app';
import { clientFrame, close, text } from '../../support/frames';
import { pass, Process } from '../../support/channel-app';
import { MemoryBus } from '../../support/memory-bus';
import { RawClient } from '../../support/raw-client';
import { serve, settled } from '../../support/serve';

@WebSocketPath('/rooms/:room')
class Chat {
  @OnUpgrade()
  enter(@PathParam('room') room: string) {
    return room === 'closed' ? refuse(403) : undefined;
  }
  @OnMessage()
  text(message: string): string {
    return message;
  }
  @OnMessage('chat.say')
  say(text: string): string {
    return text;
  }
  @OnMessage('chat.wait')
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => (release = resolve));
  }
  @OnMessage('chat.break')
  break(code: string): never {
    throw code === 'bug' ? new Error('boom') : new PortalError(code);
  }
  @OnMessage('chat.leave')
  leave(connection: Connection): void {
    void connection.close(4321, 'bye');
  }
  @OnClose()
  bye(): void {}
}

@WebSocketPath('/slow')
class Flood {
  @OnMessage()
  flood(size: string, connection: Connection): void {
    connection.send(Buffer.alloc(Number(size)));
  }
}

@WebSocketPath('/asked')
class Asked {
  @OnUpgrade()
  enter(@QueryParam('code') code: string): never {
    throw new PortalError(code);
  }
  @OnMessage()
  text(): void {}
}

let release: () => void = () => {};

/** Names, labels and values, without buckets. */
async function series(register: Pick<Registry, 'metrics'>, name = ''): Promise<string[]> {
  const lines = (await register.metrics()).split('\n');
  return lines.filter((line) => line.startsWith(`portal_${name}`) && !line.includes('_bucket{'));
}

function measured(options: PrometheusOptions = {}): { register: Registry; options: PortalOptions } {
  const register = new Registry();
  return { register, options: { observers: [prometheus({ register, ...options })] } };
}

/** Of the backplane, which there is one of. */
const NO_OUTAGE = ['down', 'gaps_total', 'gap_seconds_total', 'lost_messages_total'].map(
  (what) => `portal_backplane_${what} 0`,
);

test('all that one conversation leaves behind', async () => {
  const { register, options } = measured();
  const app = await serve([Chat], options);
  const client = await app.connect('/rooms/7');
  client.send('grün');
  await client.receive();
  expect(await client.request('chat.say', 'hi')).toBe('hi');
  const waiting = client.request('chat.wait');
  await app.advance(250);
  release();
  await waiting;
  expect(await series(register)).toEqual([
    'portal_connections{path="/rooms/:room"} 1',
    'portal_queued_bytes{path="/rooms/:room"} 0',
    'portal_received_messages_total{path="/rooms/:room"} 3',
    'portal_sent_messages_total{path="/rooms/:room"} 3',
    expect.stringMatching(/^portal_received_bytes_total\{path="\/rooms\/:room"\} \d+$/),
    expect.stringMatching(/^portal_sent_bytes_total\{path="\/rooms\/:room"\} \d+$/),
    'portal_handshakes_total{path="/rooms/:room",outcome="accepted",status="101"} 1',
    ...NO_OUTAGE,
    'portal_handler_duration_seconds_sum{path="/rooms/:room",kind="upgrade",event=""} 0',
    'portal_handler_duration_seconds_count{path="/rooms/:room",kind="upgrade",event=""} 1',
    'portal_handler_duration_seconds_sum{path="/rooms/:room",kind="message",event=""} 0',
    'portal_handler_duration_seconds_count{path="/rooms/:room",kind="message",event=""} 1',
    'portal_handler_duration_seconds_sum{path="/rooms/:room",kind="message",event="chat.say"} 0',
    'portal_handler_duration_seconds_count{path="/rooms/:room",kind="message",event="chat.say"} 1',
    'portal_handler_duration_seconds_sum{path="/rooms/:room",kind="message",event="chat.wait"} 0.25',
    'portal_handler_duration_seconds_count{path="/rooms/:room",kind="message",event="chat.wait"} 1',
  ]);
  await client.close(1000);
  await settled();
  expect(await series(register, 'connections')).toEqual(['portal_connections{path="/rooms/:room"} 0']);
  expect(await series(register, 'closes')).toEqual(['portal_closes_total{path="/rooms/:room",code="1000"} 1']);
  // asking twice counts nothing twice
  expect(await series(register, 'sent_messages')).toEqual(['portal_sent_messages_total{path="/rooms/:room"} 3']);
});

test('a histogram of handler times in seconds, with the buckets that were asked for', async () => {
  const { register, options } = measured({ buckets: [0.1, 0.5] });
  const app = await serve([Chat], options);
  const client = await app.connect('/rooms/7');
  const waiting = client.request('chat.wait');
  await app.advance(250);
  release();
  await waiting;
  const lines = (await register.metrics()).split('\n');
  expect(lines.filter((line) => /_bucket.*chat\.wait/.test(line)).map((line) => line.replace(/^.*\{/, ''))).toEqual([
    'le="0.1",path="/rooms/:room",kind="message",event="chat.wait"} 0',
    'le="0.5",path="/rooms/:room",kind="message",event="chat.wait"} 1',
    'le="+Inf",path="/rooms/:room",kind="message",event="chat.wait"} 1',
  ]);
});

test('handshakes by outcome: accepted, refused with a status, abandoned', async () => {
  const { register, options } = measured();
  const app = await start([Chat], { ...options, limits: { maxConnections: 1 } });
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
    const client = await RawClient.connect(app.url);
    client.upgrade(path, headers);
    await client.answer();
    client.destroy();
  };
  await ask('/rooms/closed');
  await ask('/rooms/7', { Origin: 'https://evil.com' });
  await ask('/nowhere');
  const client = await RawClient.open(app.url, '/rooms/7');
  await ask('/rooms/8');
  client.destroy();
  expect(await series(register, 'handshakes')).toEqual([
    'portal_handshakes_total{path="/rooms/:room",outcome="refused",status="403"} 2',
    'portal_handshakes_total{path="",outcome="refused",status="404"} 1',
    'portal_handshakes_total{path="/rooms/:room",outcome="accepted",status="101"} 1',
    'portal_handshakes_total{path="/rooms/:room",outcome="refused",status="503"} 1',
  ]);
  expect(await series(register, 'limit')).toEqual([
    'portal_limit_hits_total{path="/rooms/:room",limit="maxConnections"} 1',
  ]);
  options.observers![0]!.abandoned!(app as never, '/rooms/:room');
  expect((await series(register, 'handshakes')).at(-1)).toBe(
    'portal_handshakes_total{path="/rooms/:room",outcome="abandoned",status=""} 1',
  );
});

test('limits and broken rules by name', async () => {
  const { register, options } = measured();
  const app = await start([Chat], { ...options, limits: { messagesPerSecond: 1, maxMessageBytes: 1000 } });
  const fast = await RawClient.open(app.url, '/rooms/7');
  const say = text('{"event":"chat.say","data":"hi","id":1}');
  fast.write(Buffer.concat([say, say]));
  expect(JSON.parse(String((await fast.frame()).payload))).toMatchObject({ data: 'hi' });
  expect(JSON.parse(String((await fast.frame()).payload))).toMatchObject({ error: { code: 'rate_limited' } });
  fast.destroy();
  for (const frame of [clientFrame({ opcode: 1, declared: 1001n }), text('x', { mask: null })]) {
    const client = await RawClient.open(app.url, '/rooms/7');
    client.write(frame);
    await client.end();
    client.destroy();
  }
  expect(await series(register, 'limit')).toEqual([
    'portal_limit_hits_total{path="/rooms/:room",limit="messagesPerSecond"} 1',
    'portal_limit_hits_total{path="/rooms/:room",limit="maxMessageBytes"} 1',
  ]);
  expect(await series(register, 'violations')).toEqual([
    'portal_violations_total{path="/rooms/:room",violation="MessageTooBig"} 1',
    'portal_violations_total{path="/rooms/:room",violation="NotMasked"} 1',
  ]);
});

test('bytes as they travel, and those that wait for a peer which does not read', async () => {
  const { register, options } = measured();
  const app = await start([Flood], options);
  const client = await RawClient.open(app.url, '/slow');
  client.socket.pause();
  const frame = text('32000000');
  client.write(frame);
  const value = async (name: string): Promise<number> => {
    const [line = ''] = await series(register, `${name}{`);
    return Number(line.split(' ')[1]);
  };
  while (!((await value('queued_bytes')) > 0)) await new Promise(setImmediate);
  const [connection] = app.connections;
  expect(await value('queued_bytes')).toBe(connection!.bufferedBytes);
  expect(await value('received_bytes_total')).toBe(frame.length);
  expect(await value('sent_bytes_total')).toBe(32_000_000 + 10);
  client.destroy();
});

test('what threw, by code: those of Portal by name, those of an application as one', async () => {
  const { register, options } = measured();
  const app = await serve([Chat], options);
  const client = await app.connect('/rooms/7');
  for (const code of ['bug', 'forbidden', 'room_full', 'room_locked', '__proto__']) {
    await client.request('chat.break', code).catch(() => {});
  }
  await client.request('chat.say', 7).catch(() => {});
  const labels = 'path="/rooms/:room",kind="message",event="chat.break"';
  expect(await series(register, 'handler_errors')).toEqual([
    `portal_handler_errors_total{${labels},code="internal_error"} 1`,
    `portal_handler_errors_total{${labels},code="forbidden"} 1`,
    `portal_handler_errors_total{${labels},code="application"} 3`,
    'portal_handler_errors_total{path="/rooms/:room",kind="message",event="chat.say",code="validation_failed"} 1',
  ]);
});

test('no label is a peer’s to choose: not with paths, queries, events, codes, headers or ids', async () => {
  const { register, options } = measured();
  const app = await start([Chat, Asked], options);
  const refused = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
    const client = await RawClient.connect(app.url);
    client.upgrade(path, headers);
    await client.answer();
    client.destroy();
  };
  const evil = (i: number): string => `evil${i}`;
  for (let i = 0; i < 20; i++) {
    await refused(`/${evil(i)}`);
    await refused(`/rooms/${evil(i)}`, { Origin: `https://${evil(i)}.com` });
    await refused(`/rooms/${evil(i)}`, { 'Sec-WebSocket-Protocol': `${evil(i)},${evil(i)}` });
    await refused(`/rooms/${evil(i)}/${evil(i)}`);
    await refused(`/asked?code=${evil(i)}`);
    await refused(`/rooms/x"} 1\\nportal_${evil(i)}{y="`);
    const client = await RawClient.open(app.url, `/rooms/${evil(i)}?${evil(i)}`);
    client.write(text(JSON.stringify({ event: evil(i), data: evil(i), id: evil(i) })));
    await client.frame();
    client.write(text(JSON.stringify({ event: 'chat.break', data: evil(i), id: evil(i) })));
    await client.frame();
    client.write(close(3000 + 97 * i, evil(i)));
    await client.end();
    client.socket.end();
  }
  while (app.connections.size > 0) await settled();
  const output = await register.metrics();
  expect(output).not.toContain('evil');
  expect(await series(register, 'handshakes')).toEqual([
    'portal_handshakes_total{path="",outcome="refused",status="404"} 40',
    'portal_handshakes_total{path="/rooms/:room",outcome="refused",status="403"} 20',
    'portal_handshakes_total{path="/rooms/:room",outcome="refused",status="400"} 20',
    'portal_handshakes_total{path="/asked",outcome="refused",status="500"} 20',
    'portal_handshakes_total{path="",outcome="refused",status="400"} 20',
    'portal_handshakes_total{path="/rooms/:room",outcome="accepted",status="101"} 20',
  ]);
  expect(await series(register, 'closes')).toEqual([
    'portal_closes_total{path="/rooms/:room",code="3xxx"} 11',
    'portal_closes_total{path="/rooms/:room",code="4xxx"} 9',
  ]);
  expect(await series(register, 'handler_errors')).toEqual([
    'portal_handler_errors_total{path="/asked",kind="upgrade",event="",code="application"} 20',
    'portal_handler_errors_total{path="/rooms/:room",kind="message",event="chat.break",code="application"} 20',
  ]);
});

test('two applications with a register each share nothing', async () => {
  const [a, b] = [measured(), measured()];
  const [first] = await Promise.all([serve([Chat], a.options), serve([Chat], b.options)]);
  await first.connect('/rooms/7');
  expect(await series(a.register, 'connections')).toEqual(['portal_connections{path="/rooms/:room"} 1']);
  expect(await series(b.register)).toEqual(NO_OUTAGE);
});

describe('one register for two applications', () => {
  test('one observer counts them together', async () => {
    const { register, options } = measured();
    const apps = await Promise.all([serve([Chat], options), serve([Chat], options)]);
    for (const app of apps) await app.connect('/rooms/7');
    expect(await series(register, 'connections')).toEqual(['portal_connections{path="/rooms/:room"} 2']);
  });

  test('a prefix keeps them apart', async () => {
    const { register, options } = measured();
    const others = { observers: [prometheus({ register, prefix: 'portal_admin_' })] };
    const apps = await Promise.all([serve([Chat], options), serve([Chat], others)]);
    for (const app of apps) await app.connect('/rooms/7');
    expect((await series(register)).filter((line) => line.includes('connections'))).toEqual([
      'portal_connections{path="/rooms/:room"} 1',
      'portal_admin_connections{path="/rooms/:room"} 1',
    ]);
  });

  test('a second observer is refused, and the first goes on', async () => {
    const { register, options } = measured();
    expect(() => prometheus({ register })).toThrow(
      'the register has metrics that begin with portal_: give both applications the same observer, which counts them together, ' +
        'or each a register or a prefix of its own',
    );
    const app = await serve([Chat], options);
    await app.connect('/rooms/7');
    expect(await series(register, 'connections')).toEqual(['portal_connections{path="/rooms/:room"} 1']);
  });
});

test('without a register, that of prom-client', async () => {
  prometheus();
  expect(defaultRegister.getSingleMetric('portal_connections')).toBeDefined();
  defaultRegister.clear();
});

test('OpenMetrics, and a register whose numbers are set back', async () => {
  const register = new Registry<OpenMetricsContentType>();
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const app = await serve([Chat], { observers: [prometheus({ register })] });
  const client = await app.connect('/rooms/7');
  const say = async (): Promise<string[]> => {
    client.send('x');
    await client.receive();
    return series(register, 'received_messages');
  };
  expect(await say()).toEqual(['portal_received_messages_total{path="/rooms/:room"} 1']);
  register.resetMetrics();
  expect(await say()).toEqual(['portal_received_messages_total{path="/rooms/:room"} 1']);
  expect(await series(register, 'connections')).toEqual(['portal_connections{path="/rooms/:room"} 1']);
});

test('names end as Prometheus asks: counters in _total, times in _seconds, sizes in _bytes', async () => {
  const { register } = measured();
  const types = (await register.getMetricsAsJSON()).map(({ name, type, help }) => ({ name, type: String(type), help }));
  expect(types).toHaveLength(18);
  for (const { name, type, help } of types) {
    expect(name).toMatch(/^portal_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).not.toBe('');
  }
});

test('outages of the backplane are counted', async () => {
  const register = new Registry();
  const observer = prometheus({ register });
  observer.backplaneDown!(new Error('away'));
  expect(await register.metrics()).toContain('portal_backplane_down 1');
  observer.backplaneGap!({ since: new Date(), ms: 2500, lost: 3, unrecovered: [] });
  const metrics = await register.metrics();
  for (const line of ['down 0', 'gaps_total 1', 'gap_seconds_total 2.5', 'lost_messages_total 3']) {
    expect(metrics).toContain(`portal_backplane_${line}`);
  }
});

describe('two applications counted together, on a backplane', () => {
  const publish = (channels: Channels, length = 1) => channels.publish('room:7', 'x'.repeat(length)).others;

  async function start() {
    const register = new Registry();
    const observer = prometheus({ register });
    const buses = [new MemoryBus(), new MemoryBus()];
    const backplanes = buses.map((bus) => bus.connect());
    const processes = await Promise.all(
      backplanes.map((backplane) => Process.start({ backplane, observers: [observer] })),
    );
    const is = async (name: string) => (await series(register, name)).map((line) => line.replace(/^portal_/, ''));
    return { buses, backplanes, processes, is, down: async () => (await is('backplane_down'))[0] };
  }

  test('are down as long as one of them is', async () => {
    const { buses, processes, down } = await start();
    expect(await down()).toBe('backplane_down 0');
    for (const bus of buses) bus.goDown();
    expect(await down()).toBe('backplane_down 2');
    buses[0]!.comeUp();
    await pass(100, ...processes);
    expect(await down()).toBe('backplane_down 1');
    buses[1]!.comeUp();
    await pass(100, ...processes);
    expect(await down()).toBe('backplane_down 0');
  });

  test('are not down when they have stopped, and may start again', async () => {
    const { buses, processes, down } = await start();
    for (const bus of buses) bus.goDown();
    await processes[0]!.app.close();
    expect(await down()).toBe('backplane_down 1');
    await processes[1]!.app.close();
    expect(await down()).toBe('backplane_down 0');
  });

  test('are told what became of what was published', async () => {
    const { buses, backplanes, processes, is } = await start();
    const [{ channels }, { channels: others }] = processes as [Process, Process];
    const peer = await processes[0]!.connect();
    expect([publish(channels), publish(others)]).toEqual(['sent', 'sent']);
    await peer.publish('room:7', 'x');
    channels.toUser('ann').publish('x');
    channels.publish('room:7', 'x', { local: true });
    backplanes[0]!.maxPacketBytes = 1000;
    expect(publish(channels, 1000)).toBe('too_large');
    await peer.publish('room:7', 'x'.repeat(1000));
    buses[1]!.goDown();
    for (let count = 0; count < 7; count++) expect(publish(others, 1024 * 1024)).toBe('kept');
    for (let count = 0; count < 3; count++) expect(publish(others, 1024 * 1024)).toBe('lost');
    expect((await is('published_messages')).sort()).toEqual([
      'published_messages_total{others="kept"} 7',
      'published_messages_total{others="lost"} 3',
      'published_messages_total{others="none"} 1',
      'published_messages_total{others="sent"} 4',
      'published_messages_total{others="too_large"} 2',
    ]);
    // with the application, what it still had is lost
    await processes[1]!.app.close();
    expect((await is('backplane_lost_messages'))[0]).toMatch(/^backplane_lost_messages_total 1[0-9]$/);
  });

  test('are told of what the broker refused, though it is there', async () => {
    const { backplanes, processes, is } = await start();
    backplanes[0]!.lose(5, new Error('no permission'));
    await pass(300, ...processes);
    expect(await is('backplane_lost_messages')).toEqual(['backplane_lost_messages_total 5']);
  });
});

test('messages that are dropped since a peer does not read', async () => {
  const { register, options } = measured();
  const limits = { maxBufferedBytes: 1_000_000, slowConsumer: 'drop' } as const;
  const app = await start([Flood], { ...options, limits });
  const client = await RawClient.open(app.url, '/slow');
  client.socket.pause();
  for (let count = 0; count < 30; count++) client.write(text('900000'));
  while ((await series(register, 'received_messages'))[0]?.endsWith(' 30') !== true) await settled();
  const [line] = await series(register, 'dropped_messages');
  const dropped = Number(/^portal_dropped_messages_total\{path="\/slow"\} (\d+)$/.exec(line!)![1]);
  expect(dropped).toBeGreaterThan(10);
  expect(dropped).toBeLessThan(30);
  client.destroy();
});
