const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** As few digits as tell the difference: 7 bytes, 4.7 kB, 84.1 MB, 128 MB. */
export function bytes(count) {
  if (count < 1000) return count === 1 ? '1 byte' : `${count} bytes`;
  let value = count;
  let unit = -1;
  // what would be rounded to 1000 is 1.00 of the next unit
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toLocaleString(undefined, { maximumSignificantDigits: 3 })} ${UNITS[unit]}`;
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
