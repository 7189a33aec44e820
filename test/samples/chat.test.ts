import { once } from 'node:events';
import { bootstrap, type Application } from 'portal-ws';
import { ChatModule } from '../../samples/chat/chat.module';
import { MAX_MEMBERS } from '../../samples/chat/rooms';
import { ChatClient } from './chat-client';

let app: Application;
let clients: ChatClient[];

beforeEach(async () => {
  app = await bootstrap(ChatModule, { port: 0 });
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await app.close();
});

async function connect(room = 'lobby'): Promise<ChatClient> {
  const client = await ChatClient.connect(app.url, room);
  clients.push(client);
  return client;
}

async function join(nickname: string, room = 'lobby'): Promise<ChatClient> {
  const client = await ChatClient.join(app.url, room, nickname);
  clients.push(client);
  return client;
}

/** The error that answers a message. */
async function refusal(client: ChatClient, message: string | object): Promise<string> {
  client.sendRaw(typeof message === 'string' ? message : JSON.stringify(message));
  const { code, message: text } = await client.next('error');
  expect(text).not.toBe('');
  return code;
}

describe('joining', () => {
  test('a new member gets the list of members, and the others get a notice', async () => {
    const ann = await join('Ann');
    const bob = await connect();
    bob.send({ type: 'join', nickname: '  Bob \t the  Builder ' });
    const { key, ...welcome } = await bob.next('welcome');
    expect(welcome).toEqual({
      type: 'welcome',
      room: 'lobby',
      nickname: 'Bob the Builder',
      members: ['Ann', 'Bob the Builder'],
    });
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    const joined = await ann.next('joined');
    expect(joined).toMatchObject({ nickname: 'Bob the Builder', members: ['Ann', 'Bob the Builder'] });
    expect(Date.parse(joined.time)).not.toBeNaN();
  });

  test('rooms are apart', async () => {
    const ann = await join('Ann', 'red');
    const other = await connect('blue / 2');
    other.send({ type: 'join', nickname: 'Ann' });
    expect(await other.next('welcome')).toMatchObject({ room: 'blue / 2', members: ['Ann'] });
    other.send({ type: 'say', text: 'blue' });
    await other.next('said');
    ann.send({ type: 'say', text: 'red' });
    expect(await ann.next('said')).toMatchObject({ text: 'red' });
  });

  test.each(['Ann', 'ANN', ' ann ', 'A\u200dnn', '\uff21nn'])(
    'a nickname that looks like one here is taken: %j',
    async (nickname) => {
      await join('Ann');
      const other = await connect();
      expect(await refusal(other, { type: 'join', nickname })).toBe('nickname_taken');
      other.send({ type: 'join', nickname: 'Annabel' });
      expect(await other.next('welcome')).toMatchObject({ nickname: 'Annabel', members: ['Ann', 'Annabel'] });
    },
  );

  test.each([
    ['', 'nickname_empty'],
    [' \n ', 'nickname_empty'],
    ['x'.repeat(25), 'nickname_too_long'],
    ['a\u0000b', 'nickname_unreadable'],
    ['\u202eevil', 'nickname_unreadable'],
    ['\u200b\u2060', 'nickname_unreadable'],
    ['\ud800', 'nickname_unreadable'],
  ])('refuses the nickname %j', async (nickname, code) => {
    const client = await connect();
    expect(await refusal(client, { type: 'join', nickname })).toBe(code);
    client.send({ type: 'join', nickname: 'x'.repeat(24) });
    await client.next('welcome');
  });

  test('joins once', async () => {
    const ann = await join('Ann');
    expect(await refusal(ann, { type: 'join', nickname: 'Anna' })).toBe('already_joined');
  });

  test.each(['x'.repeat(41), ' ', '\u202e'])('refuses the room %j', async (room) => {
    expect(await refusal(await connect(room), { type: 'join', nickname: 'Ann' })).toBe('room_invalid');
  });

  test('a full room refuses more members', async () => {
    await Promise.all(Array.from({ length: MAX_MEMBERS }, (_, index) => join(`Member ${index}`)));
    const late = await connect();
    expect(await refusal(late, { type: 'join', nickname: 'Late' })).toBe('room_full');
    const elsewhere = await join('Late', 'annex');
    elsewhere.send({ type: 'say', text: 'room here' });
    await elsewhere.next('said');
  });
});

describe('talking', () => {
  test('everybody in the room hears who said what, and when', async () => {
    const ann = await join('Ann');
    const bob = await join('Bob');
    await ann.next('joined');
    bob.send({ type: 'say', text: '  <b>hé</b>\n🎉  ' });
    const said = await bob.next('said');
    expect(said).toEqual({ type: 'said', nickname: 'Bob', text: '<b>hé</b>\n🎉', time: expect.any(String) as string });
    expect(await ann.next('said')).toEqual(said);
  });

  test('only those who joined may talk', async () => {
    const ann = await join('Ann');
    const stranger = await connect();
    expect(await refusal(stranger, { type: 'say', text: 'hello' })).toBe('not_joined');
    ann.send({ type: 'say', text: 'alone' });
    expect(await ann.next('said')).toMatchObject({ text: 'alone' });
  });

  test.each([
    [' \n', 'text_empty'],
    ['x'.repeat(1001), 'text_too_long'],
  ])('refuses the text %#', async (text, code) => {
    const ann = await join('Ann');
    expect(await refusal(ann, { type: 'say', text })).toBe(code);
    ann.send({ type: 'say', text: '\u0001'.repeat(1000) });
    await ann.next('said');
  });
});

describe('malformed messages', () => {
  test.each([
    ['', 'malformed_message'],
    ['{', 'malformed_message'],
    ['null', 'malformed_message'],
    ['"join"', 'malformed_message'],
    ['[]', 'malformed_message'],
    ['{}', 'unknown_type'],
    ['{"type":"shout"}', 'unknown_type'],
    ['{"type":["say"]}', 'unknown_type'],
    ['{"type":"toString"}', 'unknown_type'],
    ['{"type":"say"}', 'malformed_message'],
    ['{"type":"say","text":7}', 'malformed_message'],
    ['{"type":"say","text":"hi","to":"Bob"}', 'malformed_message'],
    ['{"type":"join","nickname":null}', 'malformed_message'],
    ['{"type":"join","nickname":"Bob","key":null}', 'malformed_message'],
    ['{"type":"join","nickname":"Bob","__proto__":{}}', 'malformed_message'],
  ])('%s', async (json, code) => {
    const ann = await join('Ann');
    expect(await refusal(ann, json)).toBe(code);
    ann.send({ type: 'say', text: 'still here' });
    expect(await ann.next('said')).toMatchObject({ text: 'still here' });
  });
});

describe('leaving', () => {
  test('the others learn of it, and the nickname is free', async () => {
    const ann = await join('Ann');
    const bob = await join('Bob');
    await ann.next('joined');
    await bob.close();
    expect(await ann.next('left')).toMatchObject({ nickname: 'Bob', members: ['Ann'] });
    await join('Bob');
    expect(await ann.next('joined')).toMatchObject({ nickname: 'Bob' });
  });

  test('a client that never joined leaves without a notice', async () => {
    const ann = await join('Ann');
    const stranger = await connect();
    await stranger.close();
    await join('Bob');
    expect(await ann.next('joined')).toMatchObject({ nickname: 'Bob' });
  });

  test('a lost connection is a leave', async () => {
    const ann = await join('Ann');
    const bob = await join('Bob');
    await ann.next('joined');
    bob.socket.terminate();
    expect(await ann.next('left')).toMatchObject({ nickname: 'Bob' });
  });

  test('a member that comes back with the key replaces the old connection', async () => {
    const ann = await join('Ann');
    const lost = await connect();
    lost.send({ type: 'join', nickname: 'Bob' });
    const { key } = await lost.next('welcome');
    await ann.next('joined');
    const lostClosed = once(lost.socket, 'close');

    const thief = await connect();
    expect(await refusal(thief, { type: 'join', nickname: 'Bob', key: 'guess' })).toBe('nickname_taken');
    const back = await connect();
    back.send({ type: 'join', nickname: 'Bob', key });
    expect(await back.next('welcome')).toMatchObject({ key, members: ['Ann', 'Bob'] });
    await lostClosed;
    back.send({ type: 'say', text: 'back' });
    expect(await ann.next('said')).toMatchObject({ nickname: 'Bob', text: 'back' });
    await back.close();
    expect(await ann.next('left')).toMatchObject({ nickname: 'Bob', members: ['Ann'] });
  });
});
