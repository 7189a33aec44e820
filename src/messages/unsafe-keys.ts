/**
 * True where a careless merge of a decoded message would reach a prototype: by `__proto__`, or by a `constructor` with a `prototype` in it
 * (CVE-2018-3721, CVE-2019-10744). Walks without recursion, however deep the message is.
 */
export function hasUnsafeKeys(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const current = pending.pop();
    if (typeof current !== 'object' || current === null || ArrayBuffer.isView(current)) continue;
    if (Array.isArray(current)) {
      for (const item of current) pending.push(item);
      continue;
    }
    if (Object.hasOwn(current, '__proto__')) return true;
    const { constructor } = current as { constructor: unknown };
    if (Object.hasOwn(current, 'constructor') && isObject(constructor) && Object.hasOwn(constructor, 'prototype')) {
      return true;
    }
    for (const key in current) pending.push((current as Record<string, unknown>)[key]);
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
