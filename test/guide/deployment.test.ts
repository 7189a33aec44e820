import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { compile, compileSamples } from '../samples/compiled';
import { CA, LOCALHOST, NAMED, type Identity } from '../support/certificates';
import { isModule, isTest, readPages } from './pages';

/** The program of the page, in a process of its own, with its certificate in files. */
describe('the program to deploy', () => {
  const compiled = compileSamples();
  const folder = mkdtempSync(join(tmpdir(), 'portal-'));
  const [TLS_CERT, TLS_KEY] = [join(folder, 'app.crt'), join(folder, 'app.key')];
  let child: ChildProcess;
  let exited: Promise<unknown[]>;
  let errors: string;
  let url: string;

  beforeAll(() => {
    const page = readPages().find(({ name }) => name === 'deployment.md')!;
    for (const block of page.blocks.filter((each) => isModule(each) && !isTest(each))) {
      writeFileSync(join(folder, block.file), block.code);
    }
    compile(folder, compiled.path('deployment'));
  });

  beforeEach(async () => {
    renew(LOCALHOST);
    const env = { ...process.env, ...compiled.env, PORT: '0', TLS_CERT, TLS_KEY };
    child = spawn(process.execPath, [compiled.path('deployment/main.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    exited = once(child, 'exit');
    errors = '';
    child.stderr!.on('data', (text: Buffer) => (errors += text.toString()));
    const [line] = await Promise.race([once(createInterface(child.stdout!), 'line'), exited]);
    if (typeof line !== 'string') throw new Error(`it ended: ${errors}`);
    url = line;
  });

  afterEach(async () => {
    child.kill('SIGKILL');
    await exited;
  });

  afterAll(() => {
    compiled.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function renew({ cert, key }: Identity): void {
    writeFileSync(TLS_CERT, cert);
    writeFileSync(TLS_KEY, key);
  }

  /** The names in the certificate that a client is shown. */
  async function shown(): Promise<string | undefined> {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  async function open(): Promise<WebSocket> {
    const socket = new WebSocket(`${url}/whoami`, { ca: CA });
    await once(socket, 'open');
    return socket;
  }

  async function ask(socket: WebSocket): Promise<unknown> {
    const answered = once(socket, 'message') as Promise<[Buffer]>;
    socket.send('?');
    return JSON.parse(String((await answered)[0]));
  }

  test('at SIGHUP later clients are shown the renewed certificate, and connections that are open go on', async () => {
    const socket = await open();
    expect(await ask(socket)).toMatchObject({ secure: true, httpVersion: '1.1' });
    expect(await shown()).toContain('DNS:localhost');
    renew(NAMED);
    child.kill('SIGHUP');
    while ((await shown()) !== 'DNS:a.example.test');
    expect(await ask(socket)).toMatchObject({ secure: true });
    expect(errors).toBe('');
    socket.terminate();
  });

  test.each([
    ['no certificate', { cert: 'nothing', key: 'nothing' }],
    ['the key of another', { cert: NAMED.cert, key: LOCALHOST.key }],
  ])('one that cannot be used is told, and the old one is shown: %s', async (_name, identity) => {
    const socket = await open();
    renew(identity);
    child.kill('SIGHUP');
    await once(child.stderr!, 'data');
    expect(await shown()).toContain('DNS:localhost');
    expect(await ask(socket)).toMatchObject({ secure: true });
    socket.terminate();
  });

  test('at SIGTERM clients are told 1001, and it ends with exit code 0', async () => {
    const socket = await open();
    const closed = once(socket, 'close');
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    expect(await exited).toEqual([0, null]);
    expect(errors).toBe('');
  });
});
