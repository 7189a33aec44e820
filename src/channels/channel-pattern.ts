/*
 * A pattern of channel names, such as `room:*`, has parts between colons. A part `*` stands for any one part, and a last part `**` for one
 * or more. Every other part stands for itself.
 */

export type Wildcard = 'one' | 'rest';

export const partsOf = (subject: string): string[] => subject.split(':');

/** Returns `undefined` where the part stands for itself. */
export function wildcardAt(parts: readonly string[], index: number): Wildcard | undefined {
  if (parts[index] === '*') return 'one';
  return parts[index] === '**' && index === parts.length - 1 ? 'rest' : undefined;
}

export function isPattern(subject: string): boolean {
  if (!subject.includes('*')) return false;
  const parts = partsOf(subject);
  return parts.some((_, index) => wildcardAt(parts, index) !== undefined);
}

export function takesRest(pattern: string): boolean {
  const parts = partsOf(pattern);
  return wildcardAt(parts, parts.length - 1) === 'rest';
}
