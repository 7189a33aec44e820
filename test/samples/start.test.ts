import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { ChatClient } from './chat-client';
import { SamplesProcess } from './running-samples';

describe('npm start', () => {
  let samples: SamplesProcess;

  beforeAll(() => {
    samples = new SamplesProcess();
  });

  afterEach(() => samples.kill());
  afterAll(() => samples.remove());

  test('serves echo, chat and the page on one port', async () => {
    const { echo, page } = await samples.start();
    expect(echo).toMatch(/^ws:\/\/localhost:\d+\/echo$/);
    expect(page).toMatch(/^http:\/\/localhost:\d+\/$/);

    const socket = new WebSocket(echo);
    await once(socket, 'open');
    const answered = once(socket, 'message');
    socket.send('hé');
    expect(String((await answered)[0])).toBe('hé from client');
    socket.terminate();

    const html = await fetch(page);
    expect(html.status).toBe(200);
    expect(html.headers.get('content-type')).toMatch(/^text\/html/);
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await html.text()).toContain('Portal chat');

    expect((await fetch(`${page}echo`)).status).toBe(426);
    expect((await fetch(`${page}chat/lobby`)).status).toBe(426);
    expect((await fetch(`${page}nowhere`)).status).toBe(404);

    const ann = await ChatClient.join(page.replace(/^http(.*)\/$/, 'ws$1'), 'lobby', 'Ann');
    ann.socket.terminate();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s closes the connections and ends the process', async (signal) => {
    const { child, echo } = await samples.start();
    const socket = new WebSocket(echo);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const exited = once(child, 'exit');
    child.kill(signal);
    expect((await closed)[0]).toBe(1001);
    expect(await exited).toEqual([0, null]);
  });

  test.each([
    ['a port in use', undefined, /^port \d+ on 127\.0\.0\.1 is already in use: .*\n$/],
    ['a port that is none', 'many', /^port must be a whole number .*\n$/],
  ])('%s: one line, exit code 1', async (_, wrongPort, line) => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const child = samples.spawn(wrongPort ?? String((occupant.address() as AddressInfo).port));
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    occupant.close();
    expect(errors).toMatch(line);
    expect(code).toBe(1);
  });
});
