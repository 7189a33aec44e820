import { atEndOfTurn, setImmediate } from '../../src/transport/turns';

afterEach(() => jest.useRealTimers());

test.each<[string, Parameters<typeof jest.useFakeTimers>[0]]>([
  ['modern', {}],
  ['legacy', { legacyFakeTimers: true }],
])('turns go on while fake timers stand still: %s', async (_name, config) => {
  jest.useFakeTimers(config);
  const order: string[] = [];
  const turned = new Promise<void>((resolve) =>
    setImmediate(() => {
      order.push('next turn');
      resolve();
    }),
  );
  atEndOfTurn(() => order.push('end of turn'));
  order.push('now');
  await turned;
  expect(order).toEqual(['now', 'end of turn', 'next turn']);
});
