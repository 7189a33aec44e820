import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PortalOptions } from 'portal-ws';
import ts from 'typescript';
import { createTestApp, type TestApp, type TestClient } from 'portal-ws/testing';
import { GUIDE, readPage } from '../guide/pages';
import { MemoryLogger } from '../support/app';
import { settled } from '../support/channel-app';

// the chat of the guide, word for word; test/guide checks its types
const { blocks } = readPage('channels.md', readFileSync(join(GUIDE, 'channels.md'), 'utf8'));
const { code } = blocks.find((block) => block.code.includes('class ChatController'))!;
const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2022,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portal-chat-')));
symlinkSync(join(__dirname, '../../node_modules'), join(folder, 'node_modules'), 'junction');
const chat = join(folder, 'chat.js');
writeFileSync(chat, ts.transpileModule(code, { compilerOptions }).outputText);
// eslint-disable-next-line @typescript-eslint/no-require-imports -- jest's, with its paths and its registry
const { AppModule } = require(chat) as { AppModule: new () => unknown };

let app: TestApp;
const log = new MemoryLogger();

beforeEach(async () => {
  app = await createTestApp(AppModule, { logger: log, heartbeat: false } satisfies PortalOptions);
});
afterEach(async () => {
  await app.close();
  expect(log.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A client that has joined a room, and the answer to its `chat.join`. */
async function enter(path: string): Promise<{ client: TestClient; members: unknown }> {
  const client = await app.connect(path);
  return { client, members: await client.request('chat.join').catch((error: unknown) => error) };
}

/** Closes the client. Resolves with all messages that it got. */
async function heard(client: TestClient): Promise<unknown[]> {
  await settled();
  client.emit('chat.say', { text: 'the end' });
  const messages: unknown[] = [];
  const end = client.request('chat.join').then(
    () => messages,
    () => messages,
  );
  const listening = (async () => {
    for (;;) messages.push(await client.receive());
  })().catch(() => undefined);
  const all = await end;
  await client.close();
  await listening;
  return all;
}

const rooms = ['lobby', 'private', 'lobby:staff', 'a.b', '7'];
const wildcards = ['*', '%2A', '**', '%2A%2A', 'lobby*', 'l*', '*:staff', 'lobby:*', 'lobby:**', 'lobby%3A%2A', 'a.*'];
const others = ['>', 'a.%3E', 'l%3Fbby', '%3F', '[a-z]', '%5Ba-z%5D', '%5C', '\\', '%00', '%20', 'lobby%20', '%0A'];
const shapes = ['lobby%E2%80%A8', 'lobby%EF%BB%BF', 'LOBBY', 'x'.repeat(5000), '%2A'.repeat(1000), '__proto__'];

const strange = [...wildcards, ...others, ...shapes].map((room) => [room.slice(0, 12), room] as const);

test.each(strange)('a stranger in /rooms/%s hears no other room', async (_title, room) => {
  const strangers = [
    await enter(`/rooms/${room}?name=*`),
    await enter(`/rooms/lobby-of-mine?name=eve&room=*&channel=room:*`),
  ];
  // the stranger is alone in that room
  expect(strangers[0]!.members).toMatchObject([{ data: { name: '*' } }]);
  for (const name of rooms) {
    const ann = await enter(`/rooms/${encodeURIComponent(name)}?name=ann`);
    const bob = await enter(`/rooms/${encodeURIComponent(name)}?name=bob`);
    expect(bob.members).toMatchObject([{ data: { name: 'ann' } }, { data: { name: 'bob' } }]);
    ann.client.emit('chat.say', { text: '*' });
    expect(await bob.client.receiveEvent()).toMatchObject({ event: 'chat.said', data: { from: 'ann', text: '*' } });
  }
  for (const { client } of strangers) expect(await heard(client)).toEqual([]);
});

test('messages of a stranger reach no other room', async () => {
  const ann = await enter('/rooms/lobby?name=ann');
  for (const room of [...wildcards, ...others]) {
    const { client } = await enter(`/rooms/${room}?name=eve`);
    client.emit('chat.say', { text: 'heard by nobody' });
  }
  expect(await heard(ann.client)).toEqual([]);
});
