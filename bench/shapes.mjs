import 'reflect-metadata';
import { createRequire } from 'node:module';
import { encode } from '@msgpack/msgpack';
import { Allow, IsArray, IsInt, IsNumber, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';
import { JsonCodec, MessageBody, MessagePackCodec, Module, OnMessage, WebSocketPath } from '../dist/index.js';
import { createTestApp } from '../dist/testing/index.js';
import { decorate, decorateProperties } from './servers/decorate.mjs';

// the copy that Portal itself has: class-transformer keeps what its decorators say in the module
const { Type } = createRequire(new URL('../dist/index.js', import.meta.url))('class-transformer');

// How long one message of 1 MiB holds the loop, by its shape, and how long the reply to it is: milliseconds of CPU time, that of the client
// and of garbage collection among it. Each is sent alone, and answered before the next; the best of five, as the first is compiled on the way.

const MIB = 1024 * 1024;
const ROUNDS = 5;

class Item {}
decorateProperties(Item, { name: [String, IsString()], size: [Number, IsOptional(), IsInt()] });
class Optional {}
decorateProperties(
  Optional,
  Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`p${at}`, [Number, IsOptional(), IsInt()]])),
);
class Body {}
decorateProperties(Body, {
  name: [String, IsOptional(), IsString()],
  items: [Array, IsOptional(), IsArray(), ValidateNested({ each: true }), Type(() => Item)],
  optional: [Array, IsOptional(), ValidateNested({ each: true }), Type(() => Optional)],
  map: [Map, IsOptional(), ValidateNested({ each: true }), Type(() => Item)],
  set: [Set, IsOptional(), ValidateNested({ each: true }), Type(() => Item)],
  numbers: [Array, IsOptional(), IsNumber({}, { each: true })],
  record: [Object, IsOptional(), IsObject()],
  any: [Object, Allow()],
});

const Schema = z.strictObject({
  items: z.array(z.object({ name: z.string(), size: z.number(), a: z.string(), b: z.string() })).optional(),
  numbers: z.array(z.number()).optional(),
  record: z.record(z.string(), z.string()).optional(),
});

function controllerAt(...path) {
  class Controller {
    take() {
      return 'taken';
    }
    schema() {
      return 'taken';
    }
    field() {
      return 'taken';
    }
    untyped() {
      return 'taken';
    }
  }
  MessageBody(Schema)(Controller.prototype, 'schema', 0);
  MessageBody('items')(Controller.prototype, 'field', 0);
  MessageBody()(Controller.prototype, 'untyped', 0);
  return decorate(Controller, [WebSocketPath(...path)], {
    take: [[Body], OnMessage('class')],
    schema: [[Object], OnMessage('schema')],
    field: [[Array], OnMessage('field')],
    untyped: [[Object], OnMessage('untyped')],
  });
}

class App {}
Module({ controllers: [controllerAt('/json'), controllerAt('/pack', { codec: new MessagePackCodec() })] })(App);

/** As many as fit. */
const many = (part, count) => Array.from({ length: count }, (_, at) => part(at)).join(',');
const fill = (part) => many(part, Math.floor((MIB - 200) / (part(99_999).length + 1)));

const bodies = {
  'unknown keys': `{${fill((at) => `"k${at}":1`)}}`,
  'unknown keys of an item': `{"items":[{${fill((at) => `"k${at}":1`)}}]}`,
  'empty objects for items': `{"items":[${fill(() => '{}')}]}`,
  'valid items': `{"items":[${fill(() => '{"name":"a"}')}]}`,
  'items with unknown keys': `{"items":[${fill(() => '{"x":1}')}]}`,
  'empty objects for optional': `{"optional":[${fill(() => '{}')}]}`,
  'arrays in arrays': `{"items":[${fill(() => '[]')}]}`,
  'keys of a map': `{"map":{${fill((at) => `"k${at}":{}`)}}}`,
  'valid values of a map': `{"map":{${fill((at) => `"k${at}":{"name":"a"}`)}}}`,
  'objects for a set': `{"set":[${fill(() => '{}')}]}`,
  numbers: `{"numbers":[${fill(() => '1')}]}`,
  'texts for numbers': `{"numbers":[${fill(() => '""')}]}`,
  'keys of a record': `{"record":{${fill((at) => `"k${at}":1`)}}}`,
  'names of every object': `{"record":{${fill((at) => `"k${at}":{}`)},"toString":1}}`,
  'objects in each other': `{"any":${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}}`,
  'arrays in each other': `{"any":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
  'a long text': `{"name":"${'a'.repeat(MIB - 100)}"}`,
  'a long key': `{"${'a'.repeat(MIB - 100)}":1}`,
  'escapes in keys': `{${fill((at) => String.raw`"\u0061${at}":1`)}}`,
};

const messages = Object.entries(bodies).flatMap(([name, body]) =>
  ['class', 'schema', 'field', 'untyped', 'none'].map((event) => [
    `${event}: ${name}`,
    '/json',
    `{"event":"${event}","id":1,"data":${body}}`,
  ]),
);
messages.push(
  ['a long event', '/json', `{"event":"${'a'.repeat(MIB - 100)}","id":1}`],
  ['a long id', '/json', `{"event":"none","id":"${'a'.repeat(MIB - 100)}"}`],
  ['keys of the envelope', '/json', `{"event":"none","id":1,${fill((at) => `"k${at}":1`)}}`],
);
for (const [name, body] of Object.entries(bodies)) {
  if (name.includes('each other')) continue;
  for (const event of ['class', 'schema', 'untyped']) {
    messages.push([`MessagePack, ${event}: ${name}`, '/pack', encode({ event, id: 1, data: JSON.parse(body) })]);
  }
}
const packed = (byte, count) => {
  const bytes = Buffer.alloc(count, byte);
  const head = Buffer.concat([Buffer.of(0x83), ...['event', 'untyped', 'id', 1, 'data'].map((part) => encode(part))]);
  const size = Buffer.of(0xdd, 0, 0, 0, 0);
  size.writeUInt32BE(count, 1);
  return Buffer.concat([head, size, bytes]);
};
messages.push(
  ['MessagePack, untyped: empty maps', '/pack', packed(0x80, MIB - 100)],
  ['MessagePack, untyped: empty arrays', '/pack', packed(0x90, MIB - 100)],
  ['MessagePack, untyped: nothings', '/pack', packed(0xc0, MIB - 100)],
);

const only = process.argv[2];
const app = await createTestApp(App, { limits: { maxMessageBytes: 2 * MIB } });
const rows = [];
for (const [name, path, message] of messages) {
  if (only !== undefined && !name.includes(only)) continue;
  const client = await app.connect(path);
  let best = Infinity;
  let reply = '';
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    client.send(message);
    reply = await client.receive();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  await client.close();
  const codec = path === '/json' ? new JsonCodec() : new MessagePackCodec();
  const { error } = codec.decode(reply);
  rows.push({ name, ms: best, request: message.length, reply: reply.length, verdict: error?.code ?? 'taken' });
}
await app.close();
rows.sort((one, other) => other.ms - one.ms);
console.log('|     ms | request | reply | verdict | shape |\n| ---: | ---: | ---: | --- | --- |');
for (const { name, ms, request, reply, verdict } of rows) {
  console.log(`| ${ms.toFixed(1)} | ${request} | ${reply} | ${verdict} | ${name} |`);
}
