import fc from 'fast-check';
import { MessagePackCodec, type Envelope } from 'portal-ws';
import { createTestApp, type TestApp, type TestClient } from 'portal-ws/testing';
import { LineCodec } from '../../samples/codec/line-codec';
import { MAX_KEPT, MAX_METERS, Readings } from '../../samples/codec/readings';
import { ReadingsModule } from '../../samples/codec/readings.module';
import { MemoryLogger } from '../support/app';

describe('the line codec', () => {
  const codec = new LineCodec();

  test.each<[string, Envelope]>([
    ['readings.last -', { event: 'readings.last' }],
    ['readings.last 7', { event: 'readings.last', id: 7 }],
    ['readings.add - {"value":1}', { event: 'readings.add', data: { value: 1 } }],
    ['readings.add 7 {"value":1}', { event: 'readings.add', id: 7, data: { value: 1 } }],
    ['a b "c d\\n"', { event: 'a', id: 'b', data: 'c d\n' }],
    ['a 7 null', { event: 'a', id: 7, data: null }],
    ['a 7 + [1]', { event: 'a', id: 7, data: [1], more: true }],
    ['a 7 .', { event: 'a', id: 7, done: true }],
    ['a 7 ! {"code":"forbidden","message":"No."}', { event: 'a', id: 7, error: { code: 'forbidden', message: 'No.' } }],
    ['- - ! {"code":"c","message":"m"}', { error: { code: 'c', message: 'm' } }],
    ['a s%3A1', { event: 'a', id: 's:1' }],
    ['two%20words%0A %37', { event: 'two words\n', id: '7' }],
    ['%2D %2D1', { event: '-', id: '-1' }],
    ['-- 007', { event: '--', id: '007' }],
    ['1a 12345678901234567890', { event: '1a', id: '12345678901234567890' }],
    ['%31 1e999', { event: '1', id: '1e999' }],
    ['a -1.5', { event: 'a', id: -1.5 }],
    ['a 1e+21', { event: 'a', id: 1e21 }],
  ])('%s', (line, envelope) => {
    expect(codec.encode(envelope)).toBe(line);
    expect(codec.decode(line)).toEqual(envelope);
  });

  test.each<[string, Envelope]>([
    ['a', { event: 'a' }],
    ['a 7  {"value":1} ', { event: 'a', id: 7, data: { value: 1 } }],
    ['a - {\n"value":1}', { event: 'a', data: { value: 1 } }],
    ['a s:1', { event: 'a', id: 's:1' }],
    ['grüße ä', { event: 'grüße', id: 'ä' }],
  ])('is read more freely than it is written: %j', (line, envelope) => {
    expect(codec.decode(line)).toEqual(envelope);
  });

  test.each([
    '',
    ' ',
    ' a',
    'a ',
    'a 7 ',
    'a 7 {',
    'a 7 + ',
    'a 7 . 1',
    'a 7 ? 1',
    'a {"value":1}',
    'a [1]',
    '"a" 7',
    '%',
    'a %zz',
    'a - {"__proto__":{}}',
    'a - {"constructor":{"prototype":{}}}',
  ])('refuses %j', (line) => {
    expect(() => codec.decode(line)).toThrow();
  });

  test.each<[Envelope, string]>([
    [{ event: '' }, 'at least one character'],
    [{ event: 'a', id: '' }, 'at least one character'],
    [{ event: 'a', data: () => 1 }, 'a function cannot be sent'],
  ])('does not write what it could not read: %#', (envelope, message) => {
    expect(() => codec.encode(envelope)).toThrow(message);
  });

  test('reads what it wrote, whatever that was', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 });
    const id = fc.oneof(
      word,
      fc.integer(),
      fc.double({ noDefaultInfinity: true, noNaN: true }).map((n) => n + 0),
    );
    const body = fc.oneof(
      fc.record({ data: fc.jsonValue(), more: fc.constant(true) }, { requiredKeys: ['data'] }),
      fc.record({ error: fc.record({ code: fc.string(), message: fc.string() }) }),
      fc.record({ done: fc.constant(true) }),
      fc.constant({}),
    );
    const head = fc.record({ event: word, id }, { requiredKeys: [] });
    fc.assert(
      fc.property(head, body, (first, second) => {
        const envelope: Envelope = { ...first, ...second };
        fc.pre(!/__proto__|constructor/.test(JSON.stringify(envelope)));
        const line = codec.encode(envelope);
        expect(codec.decode(line)).toEqual(JSON.parse(JSON.stringify(envelope)));
      }),
    );
  });
});

describe('one path for three subprotocols', () => {
  let app: TestApp;
  let logger: MemoryLogger;

  beforeEach(async () => {
    logger = new MemoryLogger();
    app = await createTestApp(ReadingsModule, { logger });
  });

  afterEach(async () => {
    await app.close();
    expect(logger.errors).toEqual([]);
  });

  const connect = (...protocols: string[]): Promise<TestClient> => app.connect('/readings', { protocols });

  async function answerTo(client: TestClient, message: string | Uint8Array): Promise<string | Uint8Array> {
    client.send(message);
    return client.receive();
  }

  test.each([
    ['lines.v1', 'readings.add 7 {"meter":"hall","value":21.5}'],
    ['json.v1', '{"event":"readings.add","data":{"meter":"hall","value":21.5},"id":7}'],
    ['', '{"event":"readings.add","data":{"meter":"hall","value":21.5},"id":7}'],
  ])('%j: what a client says in text is answered in the same way', async (protocol, message) => {
    const client = await connect(...(protocol === '' ? [] : [protocol]));
    expect(client.protocol).toBe(protocol);
    expect(await answerTo(client, message)).toBe(message);
  });

  test('MessagePack is answered with MessagePack', async () => {
    const client = await connect('msgpack.v1');
    expect(client.protocol).toBe('msgpack.v1');
    const codec = new MessagePackCodec();
    const envelope = { event: 'readings.add', data: { meter: 'hall', value: 21.5 }, id: 7 };
    const answer = await answerTo(client, codec.encode(envelope));
    expect(codec.decode(answer)).toEqual(envelope);
  });

  test('the first subprotocol that both know is spoken', async () => {
    const client = await connect('yaml.v1', 'lines.v1', 'json.v1');
    expect(client.protocol).toBe('lines.v1');
    expect(await answerTo(client, 'readings.watch 1')).toBe('readings.watch 1 null');
  });

  test.each([
    ['readings.nothing 1', /^readings\.nothing 1 ! \{"code":"unknown_event",/],
    ['readings.last 1 {"meter":"attic"}', /^readings\.last 1 ! \{"code":"no_such_meter",/],
    ['readings.history 1 {"meter":"attic"}', /^readings\.history 1 ! \{"code":"no_such_meter",/],
    ['readings.last 1', /^readings\.last 1 ! \{"code":"validation_failed",/],
    ['readings.add - {"meter":"hall"}', /^readings\.add - ! \{"code":"validation_failed",.*"path":"value"/],
    ['readings.add - {"meter":"","value":1}', /^readings\.add - ! \{"code":"validation_failed",.*"path":"meter"/],
    ['{"event":"readings.watch"} 1 2 3', /^- - ! \{"code":"malformed_message",/],
    ['', /^- - ! \{"code":"malformed_message",/],
  ])('a line that is not taken gets an error as a line: %j', async (line, answer) => {
    const client = await connect('lines.v1');
    expect(await answerTo(client, line)).toMatch(answer);
    expect(await answerTo(client, 'readings.watch 2')).toBe('readings.watch 2 null');
  });

  test('MessagePack says more than JSON does: what is no number of a meter is refused', async () => {
    const client = await connect('msgpack.v1');
    for (const value of [NaN, Infinity]) {
      const refused = client.request('readings.add', { meter: 'hall', value });
      await expect(refused).rejects.toMatchObject({ code: 'validation_failed', details: [{ path: 'value' }] });
    }
  });

  test.each([
    ['lines.v1', Buffer.from('readings.watch 1'), 'no handler for binary messages'],
    ['json.v1', Buffer.from('{"event":"readings.watch"}'), 'no handler for binary messages'],
    ['msgpack.v1', 'readings.watch 1', 'no handler for text messages'],
  ])('%s: the other kind of message ends the connection', async (protocol, message, reason) => {
    const client = await connect(protocol);
    client.send(message);
    expect(await client.closed).toMatchObject({ code: 1003, reason });
  });

  test('several answers are lines of their own', async () => {
    const client = await connect('lines.v1');
    for (const value of [1, 2]) await client.request('readings.add', { meter: 'hall', value });
    client.send('readings.history h {"meter":"hall"}');
    expect(await client.receive()).toBe('readings.history h + {"meter":"hall","value":1}');
    expect(await client.receive()).toBe('readings.history h + {"meter":"hall","value":2}');
    expect(await client.receive()).toBe('readings.history h .');
  });

  test('who watches is told by its own codec, whatever the meter speaks, until it goes', async () => {
    const protocols = ['lines.v1', 'json.v1', 'msgpack.v1'];
    const watchers = await Promise.all(protocols.map((protocol) => connect(protocol)));
    for (const watcher of watchers) await watcher.request('readings.watch');
    const meters = await Promise.all(protocols.map((protocol) => connect(protocol)));
    for (const [value, meter] of meters.entries()) await meter.request('readings.add', { meter: 'hall', value });
    for (const watcher of watchers) {
      for (const value of [0, 1, 2]) {
        expect(await watcher.receiveEvent()).toEqual({ event: 'readings.added', data: { meter: 'hall', value } });
      }
    }
    expect(app.container.resolve(Readings).watched).toBe(3);
    await watchers[0]!.close(1000);
    await app.advance(0);
    expect(app.container.resolve(Readings).watched).toBe(2);
  });

  test('the last reading is the latest, and the oldest are forgotten', async () => {
    const client = await connect('lines.v1');
    for (let value = 0; value <= MAX_KEPT; value++) await client.request('readings.add', { meter: 'hall', value });
    expect(await client.request('readings.last', { meter: 'hall' })).toEqual({ meter: 'hall', value: MAX_KEPT });
    const history = (await client.request('readings.history', { meter: 'hall' })) as unknown[];
    expect(history).toHaveLength(MAX_KEPT);
    expect(history[0]).toEqual({ meter: 'hall', value: 1 });
  });

  test('there are so many meters and no more', async () => {
    const readings = app.container.resolve(Readings);
    for (let count = 1; count <= MAX_METERS; count++) readings.add({ meter: `meter ${count}`, value: 0 });
    const client = await connect('lines.v1');
    const refused = client.request('readings.add', { meter: 'one more', value: 1 });
    await expect(refused).rejects.toMatchObject({ code: 'too_many_meters' });
    expect(await client.request('readings.add', { meter: 'meter 1', value: 1 })).toMatchObject({ value: 1 });
  });
});
