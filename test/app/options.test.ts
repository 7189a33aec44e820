import { Module, createApp } from '../../src';
import { checkOptions, type PortalOptions } from '../../src/app/options';

test('known options pass', () => {
  expect(() => checkOptions({ port: 0, name: 'x', origins: '*', limits: {} })).not.toThrow();
});

test('an unknown option is refused by name', () => {
  expect(() => checkOptions({ prot: 1 } as PortalOptions)).toThrow('there is no option "prot"; there are name, port,');
});

test.each([-1, 65_536, 1.5, NaN, '5005'])('the port %p is refused', (port) => {
  expect(() => checkOptions({ port: port as number })).toThrow(
    `port must be a whole number from 0 to 65535, not ${String(port)}`,
  );
});

test.each<[object, string]>([
  [
    { logger: {} },
    'logger must be an object with the methods info, warn and error, such as that of pino, or console, not an object',
  ],
  [{ logger: false }, 'logger must be an object with the methods info'],
  [
    { validation: { whitlist: false } },
    'there is no option "whitlist" in validation; there are skipMissingProperties,',
  ],
  [{ validation: { whitelist: 'no' } }, 'validation.whitelist must be true or false, not "no"'],
  [{ validation: { groups: 'admin' } }, 'validation.groups must be an array, not "admin"'],
  [
    { shutdown: { signal: true } },
    'there is no option "signal" in shutdown; there are deadlineMs, signals. Did you mean signals?',
  ],
  [{ shutdown: { signals: 'SIGTERM' } }, 'shutdown.signals must be true or false'],
  [{ observers: {} }, 'observers must be an array, not an object'],
  [{ observers: [{ onError() {} }] }, 'there is no option "onError" in observers[0]; there are arrived,'],
  [{ observers: [{ opened: 'yes' }] }, 'observers[0].opened must be a function, not "yes"'],
  [
    { observers: [undefined] },
    'observers[0] must be an object, not undefined; two files that import each other are the usual cause',
  ],
  [{ backplane: null }, 'backplane must be an object, not null'],
  [{ guards: {} }, 'guards must be an array'],
  [{ history: [] }, 'history must be an object, not an array'],
  [{ name: 5 }, 'name must be a string, not 5'],
  [{ origins: 'example.com' }, "origins must be '*', a list such as"],
  [{ heartbeat: { intervall: 5 } }, 'there is no option "intervall" in heartbeat'],
  [{ observer: {} }, 'there is no option "observer"'],
])('%j is refused', async (options, message) => {
  expect(() => checkOptions(options as PortalOptions)).toThrow(message);
  class AppModule {}
  Module({ controllers: [] })(AppModule);
  await expect(createApp(AppModule, options as PortalOptions)).rejects.toThrow(message);
});

test.each([null, 8080, 'x', []])('options that are %p are none', (options) => {
  expect(() => checkOptions(options as never)).toThrow('the options must be an object such as { name: … }');
});
