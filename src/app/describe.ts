import type { InjectionToken } from 'tsyringe';

/** The name of a token in an error. */
export function describe(token: InjectionToken): string {
  return typeof token === 'function'
    ? token.name || 'an anonymous class'
    : typeof token === 'symbol'
      ? String(token)
      : JSON.stringify(token);
}
