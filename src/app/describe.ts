import type { InjectionToken } from 'tsyringe';

/** A token in an error message. */
export function describe(token: InjectionToken): string {
  return typeof token === 'function'
    ? token.name || 'an anonymous class'
    : typeof token === 'symbol'
      ? String(token)
      : JSON.stringify(token);
}
