test('without the package redis it says what to install', () => {
  jest.isolateModules(() => {
    jest.doMock('redis', () => {
      throw Object.assign(new Error("Cannot find module 'redis'"), { code: 'MODULE_NOT_FOUND' });
    });
    expect(() => jest.requireActual<object>('../../../src/adapters/redis')).toThrow(
      'portal-ws/redis needs the package redis: npm install redis',
    );
    jest.dontMock('redis');
  });
});
