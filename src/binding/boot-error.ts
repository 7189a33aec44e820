import { recognise } from '../copies';

/** A mistake in the program that was found before the first connection; the message says where and what to do. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

recognise(BootError, 'BootError');
