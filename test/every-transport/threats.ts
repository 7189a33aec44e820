import { once } from 'node:events';
import { text } from '../support/frames';
import { UPGRADE_HEADERS } from '../support/raw-client';
import type { Answered, Target } from './behaviour';
import { clientOver } from './targets';

/** Handshakes with the target of a `behaves` suite. */
export interface Access {
  target(): Target;
  /** Resolves with any answer. */
  answer(path: string, headers?: Record<string, string>): Promise<Answered>;
  /** Fails unless the answer accepts. */
  enter(path: string, headers?: Record<string, string>): Promise<Answered>;
}

/** Bad handshakes over any transport. The server goes on to serve others. */
export function withstands({ answer, enter }: Access): void {
  afterEach(async () => {
    const { client } = await enter('/echo');
    client.write(text('still here'));
    expect((await client.frame()).payload.toString()).toBe('still here');
  });

  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-${index}`, 'some words']));

  test.each<[string, Record<string, string>]>([
    ['2,000 headers', many],
    ['a header of 32,000 spaces', { 'Sec-WebSocket-Extensions': `a${' '.repeat(32_000)}b` }],
    ['8,000 escaped quotes', { 'Sec-WebSocket-Extensions': `a; b="${'\\"'.repeat(8_000)}` }],
    ['32,000 commas', { 'Sec-WebSocket-Protocol': ','.repeat(32_000) }],
  ])('refused with 4xx or cut: %s', async (_name, headers) => {
    const outcome = await answer('/echo', headers).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([400, 431, 494, 'cut']).toContain(outcome);
  });

  test.each<[string, Record<string, string>]>([
    ['as spaces', { 'Sec-WebSocket-Extensions': `a${' '.repeat(7_000)}b` }],
    ['as escaped quotes', { 'Sec-WebSocket-Extensions': `a; b="${'\\"'.repeat(3_500)}` }],
  ])('a long header that breaks the grammar is refused with 400: %s', async (_name, headers) => {
    expect((await answer('/echo', headers)).status).toBe(400);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is an ordinary name', async (name) => {
    const { client } = await enter(`/rooms/${name}?${name}=1&color=${name}`, { [name]: 'x', 'X-Note': name });
    client.write(text('{"event":"handshake","id":1}'));
    const { data } = JSON.parse((await client.frame()).payload.toString()) as { data: object };
    expect(data).toMatchObject({ room: name, color: name, note: name });
  });

  test('a line break in a path does not reach the headers of the answer', async () => {
    const { headers } = await enter('/rooms/a%0d%0aX-Own:%20yes?color=%0d%0aX-Own:%20yes');
    expect(headers).not.toHaveProperty('x-own');
  });
}

/** Bad handshakes that only HTTP/1.1 without a proxy allows. */
export function withstandsOverHttp1({ target, enter }: Access): void {
  afterEach(async () => {
    await enter('/echo');
  });

  const upgrade = (path: string, more: Record<string, string> = {}): string => {
    const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const headers = Object.entries({ Host: target().authority, ...UPGRADE_HEADERS, ...key, ...more });
    return `GET ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  };

  test.each<[string, string, Record<string, string>]>([
    ['with a body', '/echo', { 'Content-Length': '9000' }],
    ['that a guard refuses', '/guarded', {}],
    ['that @OnUpgrade refuses', '/guarded?full', { Authorization: 'Bearer let-me-in' }],
    ['without a key', '/echo', { 'Sec-WebSocket-Key': '' }],
  ])('requests pipelined behind an upgrade %s are not served', async (_name, path, headers) => {
    const client = clientOver(await target().dial(), target().authority);
    client.write(upgrade(path, headers) + upgrade('/echo') + 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).status).toBeGreaterThanOrEqual(400);
    expect((await client.end()).toString()).toBe('');
  });

  test('an Upgrade header behind 2,000 others, where Node drops it or refuses them all, is refused', async () => {
    const client = clientOver(await target().dial(), target().authority);
    const others = Array.from({ length: 2000 }, (_, index) => `${index}:\r\n`).join('');
    client.write(upgrade('/echo').replace('\r\n', `\r\n${others}`));
    // 431 from Node 22.23 on
    expect([400, 431]).toContain((await client.answer()).status);
    await client.end();
  });

  test('clients that leave at any byte of their handshake leave nothing behind', async () => {
    const request = Buffer.from(upgrade('/guarded', { Authorization: 'Bearer let-me-in' }));
    const before = target().app.connections.size;
    for (let length = 0; length <= request.length; length += 3) {
      const stream = await target().dial();
      stream.on('error', () => {});
      stream.write(request.subarray(0, length), () => stream.destroy());
      await once(stream, 'close');
    }
    // the last ones may have been let in before they left
    while (target().app.connections.size > before) await new Promise(setImmediate);
  });
}
