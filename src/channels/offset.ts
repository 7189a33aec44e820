/** Whether an offset comes after another of the same channel: in another epoch everything is new. See `BackplaneHistory`. */
export function isAfter(offset: string, other: string): boolean {
  const dash = offset.indexOf('-');
  const otherDash = other.indexOf('-');
  if (dash !== otherDash || offset.slice(0, dash) !== other.slice(0, dash)) return true;
  return Number(offset.slice(dash + 1)) > Number(other.slice(dash + 1));
}

/** Offsets come from clients. */
export const isOffset = (text: string): boolean => /^\d{1,20}-\d{1,20}$/.test(text);
