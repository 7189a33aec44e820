import { deferred, type Deadlines } from '../messages';
import { setImmediate } from '../transport';
import { closeGradually } from './close-gradually';
import type { EngineParts } from './create-engine';

/**
 * Stops an engine: takes no new connections, closes all connections with 1001 once their messages are handled, and terminates the
 * rest at the deadline. Resolves when the engine can listen again.
 */
export async function shutDown(engine: EngineParts, deadlineMs: number): Promise<void> {
  const { upgrader, listener, deadlines, drivers, answers } = engine;
  upgrader.stop();
  listener.drain();
  const deadline = deadlineIn(deadlineMs, deadlines);
  const stopClosing = closeGradually([...engine.connections.drivers()], deadlineMs, engine.clock);
  await Promise.race([deadline.passed, Promise.all([drivers.quiet(), answers.drain()])]);
  drivers.giveUp();
  // the last frames have left by then
  await new Promise(setImmediate);
  stopClosing();
  engine.heartbeat?.stop();
  engine.attachments.detachAll();
  const closed = listener.close();
  // requests that came meanwhile
  await Promise.race([deadline.passed, answers.drain()]);
  deadline.cancel();
  engine.http1.close();
  listener.terminate();
  engine.portless.terminate();
  answers.reset();
  await closed;
}

function deadlineIn(ms: number, deadlines: Deadlines): { passed: Promise<void>; cancel: () => void } {
  const { promise: passed, resolve } = deferred();
  return { passed, cancel: deadlines.set(ms, resolve) };
}
