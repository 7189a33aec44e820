/** True where an offset comes after another of the same channel. Any offset of another epoch does. See `BackplaneHistory`. */
export function isAfter(offset: string, other: string): boolean {
  const dash = offset.indexOf('-');
  const otherDash = other.indexOf('-');
  if (dash !== otherDash || offset.slice(0, dash) !== other.slice(0, dash)) return true;
  return Number(offset.slice(dash + 1)) > Number(other.slice(dash + 1));
}

/** Checks the form of an offset, which may come from a client. */
export const isOffset = (text: string): boolean => /^\d{1,20}-\d{1,20}$/.test(text);
