import { MemoryBus } from '../support/memory-bus';
import { historyContract, messagesContract, outagesContract, type TestBroker } from './backplane-contract';

/** A bus for each prefix. */
function start(): Promise<TestBroker> {
  const buses = new Map([['', new MemoryBus()]]);
  const busOf = (prefix: string): MemoryBus => {
    let bus = buses.get(prefix);
    if (bus === undefined) buses.set(prefix, (bus = new MemoryBus()));
    return bus;
  };
  return Promise.resolve({
    connect: (prefix = '') => busOf(prefix).connect(),
    kill: async () => buses.forEach((bus) => bus.goDown()),
    start: async () => buses.forEach((bus) => bus.comeUp()),
  });
}

async function startRefusing(): Promise<TestBroker> {
  const broker = await start();
  return {
    ...broker,
    connect: (prefix) => {
      const backplane = broker.connect(prefix) as ReturnType<MemoryBus['connect']>;
      backplane.refused.add('no');
      return backplane;
    },
  };
}

messagesContract(start, { refusing: startRefusing });
outagesContract(start, { freezes: false });
historyContract(start, { freezes: false });
