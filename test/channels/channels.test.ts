import { Channels, PortalError } from '../../src';
import { Process, settled, type Peer } from '../support/channel-app';
import { deferred } from '../support/engine';

const texts = async (peer: Peer): Promise<string[]> => (await peer.received()).map(String);

describe('subscribers', () => {
  test('are sent what is published, by the server and by others, until they give it up', async () => {
    const server = await Process.start();
    const [a, b, c] = [await server.connect(), await server.connect(), await server.connect()];
    await a.subscribe('room:7');
    await b.subscribe('room:7');
    await c.subscribe('room:8');
    expect(server.channels.publish('room:7', 'from the server')).toEqual({ local: 2, others: 'none' });
    await a.publish('room:7', 'from a');
    await c.publish('room:7', 'from c, who is elsewhere');
    expect(await texts(a)).toEqual(['from the server', 'from c, who is elsewhere']);
    expect(await texts(b)).toEqual(['from the server', 'from a', 'from c, who is elsewhere']);
    expect(await texts(c)).toEqual([]);
    await b.unsubscribe('room:7');
    server.channels.publish('room:7', 'later');
    expect(await texts(a)).toEqual(['later']);
    expect(await texts(b)).toEqual([]);
  });

  test('get bytes as they are', async () => {
    const server = await Process.start();
    const peer = await server.connect();
    await peer.subscribe('bytes');
    server.channels.publish('bytes', Uint8Array.of(0, 255, 128));
    expect((await peer.received()).map((bytes) => [...(bytes as Uint8Array)])).toEqual([[0, 255, 128]]);
  });

  test('get a message once, by however many names and patterns', async () => {
    const server = await Process.start();
    const peer = await server.connect();
    for (const channel of ['room:7', 'room:8']) await peer.subscribe(channel);
    for (const pattern of ['room:*', 'room:**', '**', '*:7']) await peer.subscribePattern(pattern);
    server.channels.publish('room:7', 'one');
    server.channels.publish('room:7:deep', 'two');
    await peer.unsubscribePattern('**');
    server.channels.publish('else', 'three');
    expect(await texts(peer)).toEqual(['one', 'two']);
  });

  test('of a pattern alone get what others publish, and not their own', async () => {
    const server = await Process.start();
    const [a, b] = [await server.connect(), await server.connect()];
    await a.subscribePattern('room:*');
    await b.subscribePattern('room:*');
    await a.publish('room:7', 'hello');
    expect([await texts(a), await texts(b)]).toEqual([[], ['hello']]);
  });

  test('are found by the names of users, wherever these come from', async () => {
    const server = await Process.start();
    const [a, again, b] = [
      await server.connect('?user=ann'),
      await server.connect('?user=ann'),
      await server.connect('?user=b*:%20%0A'),
    ];
    const all = await server.connect();
    for (const pattern of ['*', '**']) await all.subscribePattern(pattern);
    const ann = server.channels.toUser('ann');
    expect(ann.publish('for ann')).toEqual({ local: 2, others: 'none' });
    expect(await ann.count()).toBe(2);
    server.channels.toUser('b*: \n').publish('for b');
    expect([await texts(a), await texts(again), await texts(b)]).toEqual([['for ann'], ['for ann'], ['for b']]);
    expect(await texts(all)).toEqual([]);
    ann.disconnect(4001, 'elsewhere');
    expect(await a.client.closed).toMatchObject({ code: 4001, reason: 'elsewhere' });
    expect(await again.client.closed).toMatchObject({ code: 4001 });
    expect(await ann.count()).toBe(0);
    expect(() => ann.disconnect(1006)).toThrow(RangeError);
  });

  test('change their user: the former is theirs no more', async () => {
    const server = await Process.start();
    const peer = await server.connect('?user=ann');
    const [connection] = server.app.connections;
    connection!.user = { id: 'bob' };
    expect(await server.channels.toUser('ann').count()).toBe(0);
    expect(await server.channels.toUser('bob').count()).toBe(1);
    server.channels.toUser('bob').publish('hello');
    connection!.user = undefined;
    expect(server.channels.toUser('bob').publish('nobody')).toMatchObject({ local: 0 });
    expect(await texts(peer)).toEqual(['hello']);
  });
});

describe('a connection', () => {
  test('is unsubscribed however it ends', async () => {
    const server = await Process.start();
    const peers = await Promise.all(['', '', '', ''].map(() => server.connect()));
    for (const peer of peers) await peer.subscribe('room:7');
    expect(await server.channels.subscribers('room:7')).toBe(4);
    await peers[0]!.client.close();
    void peers[1]!.call('close', 4000);
    await peers[1]!.client.closed;
    void peers[2]!.call('terminate');
    await peers[2]!.client.closed;
    await settled();
    expect(await server.channels.subscribers('room:7')).toBe(1);
    const [last] = server.app.connections;
    void last!.close();
    // nothing can be sent to it from now on
    expect(server.channels.publish('room:7', 'x')).toMatchObject({ local: 0 });
  });

  test.each(['close', 'terminate'] as const)('ended by %s while it is asked for is not subscribed', async (end) => {
    const asked = deferred();
    const server = await Process.start({ gate: () => asked.promise });
    await server.connect();
    const [connection] = server.app.connections;
    const subscribing = connection!.subscribe('room:7').catch((error: unknown) => error);
    void connection![end]();
    await settled();
    asked.resolve();
    expect(await subscribing).toMatchObject({ name: 'ConnectionClosedError' });
    expect(await server.channels.subscribers('room:7')).toBe(0);
    await expect(connection!.subscribe('room:7')).rejects.toMatchObject({ name: 'ConnectionClosedError' });
  });

  test('that gives it up while it is asked for is not subscribed', async () => {
    const asked = deferred();
    const server = await Process.start({ gate: () => asked.promise });
    await server.connect();
    const [connection] = server.app.connections;
    const subscribing = connection!.subscribe('room:7');
    await connection!.unsubscribe('room:7');
    asked.resolve();
    await subscribing;
    expect(await server.channels.subscribers('room:7')).toBe(0);
  });

  test('is told what is no channel', async () => {
    const server = await Process.start();
    const peer = await server.connect();
    const wrong = { name: 'TypeError', code: 'validation_failed' };
    for (const channel of ['', 'a b', 'x'.repeat(201), 5, null, '**:x', 'a*']) {
      for (const method of ['subscribe', 'unsubscribe', 'subscribePattern', 'unsubscribePattern'] as const) {
        await expect(peer.call(method, channel)).rejects.toMatchObject(wrong);
      }
      await expect(peer.call('publish', channel, 'x')).rejects.toMatchObject(wrong);
    }
    await expect(peer.call('publish', 'room', 5)).rejects.not.toMatchObject({ code: 'validation_failed' });
    expect(() => server.channels.publish('room', 5 as never)).toThrow(TypeError);
    expect(await server.channels.subscribers('room')).toBe(0);
  });

  test.each(['*', '**', 'room:*', 'room:**', '*:7'])(
    'has other calls for the pattern %j than for names',
    async (star) => {
      const server = await Process.start();
      const { channels } = server;
      const peer = await server.connect();
      const wrong = { name: 'TypeError', code: 'validation_failed' };
      await expect(peer.subscribe(star)).rejects.toMatchObject(wrong);
      await expect(peer.unsubscribe(star)).rejects.toMatchObject(wrong);
      await expect(peer.publish(star, 'x')).rejects.toMatchObject(wrong);
      expect(() => channels.publish(star, 'x')).toThrow(/^a channel's name /);
      await expect(channels.subscribers(star)).rejects.toMatchObject(wrong);
      await expect(channels.presence(star)).rejects.toMatchObject(wrong);
      await expect(channels.watch(star, {})).rejects.toMatchObject(wrong);
      await expect(peer.subscribePattern('room:7')).rejects.toMatchObject(wrong);
      await expect(peer.unsubscribePattern('room:7')).rejects.toMatchObject(wrong);
      channels.publish('room:7', 'not heard');
      await peer.subscribePattern(star);
      await peer.unsubscribePattern(star);
      channels.publish('room:7', 'not heard either');
      expect(await texts(peer)).toEqual([]);
    },
  );

  test('lists its channels, without patterns, in the order in which it subscribed', async () => {
    const server = await Process.start();
    const peer = await server.connect('?user=ann');
    const [connection] = server.app.connections;
    expect(connection!.channels).toEqual([]);
    for (const name of ['room:8', 'room:7', 'room:9']) await peer.subscribe(name);
    await peer.subscribePattern('room:*');
    expect(connection!.channels).toEqual(['room:8', 'room:7', 'room:9']);
    await peer.unsubscribe('room:7');
    expect(connection!.channels).toEqual(['room:8', 'room:9']);
    await peer.client.close();
    expect(connection!.channels).toEqual([]);
  });

  test('that nobody waits for ends no process by what a client brings about', async () => {
    const server = await Process.start({
      gate: (_connection, channel) => (channel === 'full' ? Promise.reject(new PortalError('full')) : true),
    });
    const peer = await server.connect();
    const [connection] = server.app.connections;
    // Jest makes the test fail for a rejection that nobody handles
    void connection!.subscribe('room:*');
    void connection!.unsubscribe(' ');
    void connection!.subscribePattern('a*');
    void connection!.subscribe('full');
    await settled();
    await peer.client.close();
    void connection!.subscribe('room:7');
    await settled();
    expect(connection!.channels).toEqual([]);
  });

  test('takes users whose ids are strings', async () => {
    const server = await Process.start();
    for (const id of [7, null, undefined, ['ann']]) {
      expect(() => server.channels.toUser(id as never)).toThrow(TypeError);
    }
    const long = ['x', 'y'].map((character) => character.repeat(5000));
    const [a, b] = [await server.connect(`?user=${long[0]}`), await server.connect(`?user=${long[1]}`)];
    server.channels.toUser(long[0]!).publish('for x');
    server.channels.toUser('*').publish('for the user *');
    expect([await texts(a), await texts(b)]).toEqual([['for x'], []]);
  });
});

describe('@OnSubscribe', () => {
  test.each([false, null, 0, '', 'yes', {}, Promise.resolve(false)])('refuses with %p', async (answer) => {
    const server = await Process.start({ gate: () => answer });
    const peer = await server.connect();
    await expect(peer.subscribe('room:7')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await server.channels.subscribers('room:7')).toBe(0);
  });

  test.each([undefined, true, Promise.resolve(), Promise.resolve(true)])('allows with %p', async (answer) => {
    const server = await Process.start({ gate: () => answer });
    const peer = await server.connect();
    await peer.subscribe('room:7');
    expect(await server.channels.subscribers('room:7')).toBe(1);
  });

  test('refuses with what it throws, and a former subscription stays', async () => {
    let full = false;
    const seen: unknown[] = [];
    const server = await Process.start({
      gate: (_connection, channel) => {
        seen.push(channel);
        if (full) throw new RangeError('the room is full');
      },
    });
    const peer = await server.connect();
    await peer.subscribe('room:7', { data: 1 });
    full = true;
    await expect(peer.subscribe('room:7', { data: 2 })).rejects.toMatchObject({ name: 'RangeError' });
    expect(await server.channels.presence('room:7')).toMatchObject([{ data: 1 }]);
    expect(seen).toEqual(['room:7', 'room:7']);
  });

  test('judges patterns as they are written, and nothing that is no name', async () => {
    const seen: unknown[] = [];
    const server = await Process.start({
      gate: (_connection, channel) => seen.push(channel) > 0 && channel === 'room:*',
    });
    const peer = await server.connect();
    await expect(peer.subscribe('room:*')).rejects.toMatchObject({ code: 'validation_failed' });
    expect(seen).toEqual([]);
    await peer.subscribePattern('room:*');
    await expect(peer.subscribePattern('**')).rejects.toMatchObject({ code: 'forbidden' });
    expect(seen).toEqual(['room:*', '**']);
    server.channels.publish('room:7', 'heard');
    server.channels.publish('hall', 'not heard');
    expect(await texts(peer)).toEqual(['heard']);
  });
});

describe('presence', () => {
  test('tells who is there, with what data, and who comes and goes', async () => {
    const server = await Process.start();
    const [a, b] = [await server.connect(), await server.connect()];
    await a.subscribe('room:7', { data: { name: 'Ann' } });
    const events: unknown[] = [];
    const watch = await server.channels.watch('room:7', {
      join: ({ data }) => events.push(['join', data]),
      leave: ({ data }) => events.push(['leave', data]),
    });
    expect(watch.members).toMatchObject([{ data: { name: 'Ann' } }]);
    await b.subscribe('room:7', { data: 'Bob' });
    await b.subscribe('room:7', { data: 'Bob' });
    await b.subscribe('room:7', { data: 'Robert' });
    await a.client.close();
    await b.unsubscribe('room:7');
    expect(events).toEqual([
      ['join', 'Bob'],
      ['join', 'Robert'],
      ['leave', { name: 'Ann' }],
      ['leave', 'Robert'],
    ]);
    expect(watch.members).toEqual([]);
    watch.stop();
    await b.subscribe('room:7');
    expect(events).toHaveLength(4);
    const ids = [...server.app.connections].map(({ id }) => ({ connectionId: id, data: undefined }));
    expect(await server.channels.presence('room:7')).toEqual(ids);
  });

  test('a watcher that throws is reported', async () => {
    const server = await Process.start();
    await server.channels.watch('room:7', {
      join() {
        throw new Error('oops');
      },
    });
    await (await server.connect()).subscribe('room:7');
    expect(server.log.lines).toContain('error a watch of presence failed');
  });
});

describe('options', () => {
  test('that are wrong are refused at boot', async () => {
    await expect(Process.start({ backplane: {} as never })).rejects.toThrow('the option backplane');
    await expect(Process.start({ history: { 'a b': { size: 1, ttlSeconds: 1 } } })).rejects.toThrow(TypeError);
    await expect(Process.start({ history: { a: { size: 0, ttlSeconds: 1 } } })).rejects.toThrow(RangeError);
    await expect(Process.start({ history: { a: { size: 1, ttlSeconds: 0 } } })).rejects.toThrow(RangeError);
    await expect(Process.start({ history: { a: { size: 1, ttl: 1 } as never } })).rejects.toThrow('"ttl"');
  });

  test('two applications share no channels', async () => {
    const [one, other] = [await Process.start(), await Process.start()];
    const [a, b] = [await one.connect(), await other.connect()];
    await a.subscribe('room:7');
    await b.subscribe('room:7');
    one.app.container.resolve(Channels).publish('room:7', 'one');
    expect([await texts(a), await texts(b)]).toEqual([['one'], []]);
  });
});
