import { installPortal, type Installed } from '../support/installed';

/** Decorates without a compiler, and tells which of the libraries are loaded. */
const TOOLS = `
  const loaded = () =>
    ['class-validator', 'class-transformer', 'validator', 'libphonenumber-js'].filter((name) =>
      Object.keys(require.cache).some((file) => file.replaceAll('\\\\', '/').includes('/node_modules/' + name + '/')));
  const takes = (type, ...bindings) => {
    const { Module, OnMessage, WebSocketPath } = require('portal-ws');
    class Controller { say(body) { return [body.constructor.name, body]; } }
    Reflect.defineMetadata('design:paramtypes', [type], Controller.prototype, 'say');
    for (const bind of bindings) bind(Controller.prototype, 'say', 0);
    OnMessage('say')(Controller.prototype, 'say');
    WebSocketPath('/')(Controller);
    class AppModule {}
    Module({ controllers: [Controller] })(AppModule);
    return AppModule;
  };
  const answers = async (AppModule, ...bodies) => {
    const app = await require('portal-ws/testing').createTestApp(AppModule);
    const client = await app.connect('/');
    const told = [];
    for (const body of bodies) {
      told.push(await client.request('say', body).catch(({ code, details }) => [code, details.map(({ path }) => path)]));
    }
    await app.close();
    return told;
  };
  const tell = (value) => console.log(JSON.stringify(value));
  exports.run = async (main) => {
    try { await main({ loaded, takes, answers, tell }); } catch (error) { console.log(error.name + ': ' + error.message); }
  };
`;

/** A class, a nested class, and one that only class-validator and class-transformer themselves can check. */
const DTOS = `
  const { IsString, ValidateNested, ValidatePromise } = require('class-validator');
  const { Expose, Type } = require('class-transformer');
  class Say {}
  IsString()(Say.prototype, 'text');
  class Renamed {}
  IsString()(Renamed.prototype, 'text');
  Expose({ name: 't' })(Renamed.prototype, 'text');
  class Nest {}
  ValidateNested()(Nest.prototype, 'say');
  Type(() => Say)(Nest.prototype, 'say');
  class Odd {}
  IsString()(Odd.prototype, 'text');
  ValidatePromise()(Odd.prototype, 'text');
  module.exports = { Say, Renamed, Nest, Odd };
`;

let installed: Installed;

beforeAll(() => {
  installed = installPortal([]);
  installed.write('tools.js', TOOLS);
  installed.write('dtos.js', DTOS);
});
afterAll(() => installed.remove());

/** What a program prints, line by line; one that prints JSON prints values. */
function printed(main: string): unknown[] {
  const script = `require('./tools').run(async ({ loaded, takes, answers, tell }) => {${main}});`;
  const { stdout, stderr } = installed.run(script);
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').map((line) => (line.startsWith('[') ? (JSON.parse(line) as unknown) : line));
}

const ALL = ['class-validator', 'class-transformer', 'validator', 'libphonenumber-js'];

test('an application without a DTO class loads neither', () => {
  expect(
    printed(`
      require('portal-ws');
      tell(loaded());
      const any = { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } };
      tell(await answers(takes(String), 'hello'));
      tell(await answers(takes(Object, require('portal-ws').MessageBody(any)), { a: 1 }));
      tell(loaded());
    `),
  ).toEqual([[], [['String', 'hello']], [['Object', { a: 1 }]], []]);
});

test('one with a DTO class has them, and validates', () => {
  expect(
    printed(`
      require('portal-ws');
      const { Say } = require('./dtos');
      tell(await answers(takes(Say), { text: 'a' }, { text: 1 }));
      tell(loaded());
    `),
  ).toEqual([
    [
      ['Say', { text: 'a' }],
      ['validation_failed', ['text']],
    ],
    ALL,
  ]);
});

test('they are not loaded for a message', () => {
  expect(
    printed(`
      require('portal-ws');
      const { Odd } = require('./dtos');
      for (const file of Object.keys(require.cache)) if (/class-(validator|transformer)/.test(file)) delete require.cache[file];
      const AppModule = takes(Odd);
      const app = await require('portal-ws/testing').createTestApp(AppModule);
      tell(loaded());
      const { Module } = require('node:module');
      Module._load = (name) => { throw new Error(name + ' is loaded late'); };
      const client = await app.connect('/');
      await client.request('say', { text: 1 }).catch(({ code }) => tell([code]));
      await app.close();
    `),
  ).toEqual([ALL, ['validation_failed']]);
});

test('decorators are seen that are loaded at boot, after another application has run', () => {
  expect(
    printed(`
      const { MessageBody } = require('portal-ws');
      tell(await answers(takes(String), 'hello'));
      tell(loaded());
      const late = (name) => takes(Object, MessageBody(() => require('./dtos')[name]));
      tell(await answers(late('Renamed'), { t: 'a' }, { text: 'a' }));
      tell(await answers(late('Nest'), { say: { text: 'a' } }, { say: { text: 1 } }));
    `),
  ).toEqual([
    [['String', 'hello']],
    [],
    [
      ['Renamed', { text: 'a' }],
      ['validation_failed', ['text']],
    ],
    [
      ['Nest', { say: { text: 'a' } }],
      ['validation_failed', ['say.text']],
    ],
  ]);
});

test('a class that only the libraries can check is checked, by the container that the application gives class-validator', () => {
  expect(
    printed(`
      require('portal-ws');
      const { ValidatorConstraint, Validate, ValidatePromise, useContainer } = require('class-validator');
      class IsLucky { constructor(number) { this.number = number; } validate(value) { return value === this.number; } }
      ValidatorConstraint()(IsLucky);
      const classes = ['Short', 'Long'].map((name) => {
        const { [name]: type } = { [name]: class {} };
        Validate(IsLucky)(type.prototype, 'number');
        return type;
      });
      ValidatePromise()(classes[1].prototype, 'number');
      const app = takes(classes[0]), other = takes(classes[1]);
      useContainer({ get: (type) => type === IsLucky ? new IsLucky(7) : undefined }, { fallback: true });
      tell(await answers(app, { number: 7 }, { number: 8 }));
      tell(await answers(other, { number: 7 }, { number: 8 }));
    `),
  ).toEqual(
    ['Short', 'Long'].map((name) => [
      [name, { number: 7 }],
      ['validation_failed', ['number']],
    ]),
  );
});

test('class-validator may be there twice', () => {
  expect(
    printed(`
      require('portal-ws');
      const { Say, Odd } = require('./dtos');
      for (const file of Object.keys(require.cache)) if (file.includes('class-validator')) delete require.cache[file];
      tell(await answers(takes(Say), { text: 'a' }, { text: 1 }));
      tell(await answers(takes(Odd), { text: 1 }));
    `),
  ).toEqual([
    [
      ['Say', { text: 'a' }],
      ['validation_failed', ['text']],
    ],
    [['validation_failed', ['text']]],
  ]);
});

test('a class without decorators is a boot error', () => {
  expect(printed(`class Plain {} await answers(takes(Plain));`)).toEqual([
    expect.stringContaining(
      'BootError: Controller.say, parameter 1 (body): Plain has no decorators of class-validator',
    ),
  ]);
});
