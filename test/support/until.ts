import { awaited } from './awaited';

let testsEnded = 0;

/** Resolves when a condition holds; asks in each turn of the event loop, or every `pauseMs` where that leaves the CPU to other processes. */
export function until(holds: () => boolean | Promise<boolean>, pauseMs?: number): Promise<void> {
  return awaited(poll(holds, pauseMs), () => holds.toString());
}

async function poll(holds: () => boolean | Promise<boolean>, pauseMs?: number): Promise<void> {
  const test = testsEnded;
  while (!(await holds())) {
    await new Promise<void>((resolve) => {
      if (pauseMs === undefined) setImmediate(resolve);
      else setTimeout(resolve, pauseMs);
    });
    if (test !== testsEnded) throw new Error('the test has ended');
  }
}

/** Resolves after so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

afterEach(() => void testsEnded++);
