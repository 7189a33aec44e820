const FALLBACK = 'upload';

/** Most file systems take 255 bytes; a number in brackets must still fit. */
const MAX_BYTES = 200;
const MAX_EXTENSION = 16;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const RESERVED_CHARACTERS = /[<>:"|?*]/g;
const RESERVED_NAMES = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/** The name under which a file is kept: never a path, a hidden file, or a name that some system refuses. */
export function safeFileName(name: string): string {
  const tidy = lastSegment(name.normalize('NFC'))
    .replace(UNSEEN, '')
    .replace(RESERVED_CHARACTERS, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '')
    .replace(RESERVED_NAMES, '_$1');
  return tidy === '' ? FALLBACK : shorten(tidy);
}

/** `photo.jpg` becomes `photo (2).jpg`. */
export function numberedFileName(name: string, number: number): string {
  const [stem, extension] = split(name);
  return `${stem} (${number})${extension}`;
}

function lastSegment(path: string): string {
  return path.split(/[/\\]/).at(-1)!;
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const [stem, extension] = split(name);
  let kept = '';
  let room = MAX_BYTES - Buffer.byteLength(extension);
  for (const character of stem) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    kept += character;
  }
  return kept.trimEnd() + extension;
}

/** An extension begins at the last dot, if there is something before it and little behind it. */
function split(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  return dot > 0 && name.length - dot <= MAX_EXTENSION ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
}
