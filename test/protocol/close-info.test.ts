import { CloseInfo } from '../../src/protocol';

test('a CloseInfo says the code, the reason and whether both Close frames passed', () => {
  expect({ ...new CloseInfo(1001, 'bye', true) }).toEqual({ code: 1001, reason: 'bye', clean: true });
});
