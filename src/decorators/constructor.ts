/** A class of any constructor. */
export type Constructor<T = unknown> = abstract new (...args: never[]) => T;
