test.each(['@nats-io/transport-node', '@nats-io/jetstream'])('without %s it says what to install', (name) => {
  jest.isolateModules(() => {
    jest.doMock(name, () => {
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    });
    expect(() => jest.requireActual<object>('../../../src/adapters/nats')).toThrow(
      `portal-ws/nats needs the package ${name}: npm install ${name}`,
    );
    jest.dontMock(name);
  });
});
