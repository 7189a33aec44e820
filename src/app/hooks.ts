import type { InjectionToken } from 'tsyringe';
import { BootError } from '../decorators';
import { describe } from './describe';
import type { LifecycleHooks } from './lifecycle';

const HOOKS: Record<keyof Required<LifecycleHooks>, string> = {
  onInit: 'write it into the constructor, or into @OnOpen() of the controller',
  onShutdown: 'call it dispose(), which is called when the connection has closed, or use @OnClose() of the controller',
  onBackplaneGap: 'put it into a class of which the application has one',
};

const NAMES = Object.keys(HOOKS) as (keyof LifecycleHooks)[];

/**
 * Refuses hooks of an instance that belongs to a connection: it does not start and end with the application, so nobody would call them.
 * @param owner an instance, or the prototype of a class
 * @throws BootError for an owner with such a hook
 */
export function refuseHooks(token: InjectionToken, owner: unknown): void {
  for (const hook of NAMES) {
    if (typeof (Object(owner) as LifecycleHooks)[hook] !== 'function') continue;
    const name = describe(token);
    throw new BootError(
      `${name}.${hook} would never be called, since each connection has its own ${name}: ${HOOKS[hook]}.`,
    );
  }
}
