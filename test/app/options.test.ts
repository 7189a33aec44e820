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
