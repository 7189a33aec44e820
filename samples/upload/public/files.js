import { bytes } from './format.js';

const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const ICON = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13" /></svg>';

const list = document.getElementById('files');
const note = document.getElementById('no-files');

/** Shows the files on the server. Resolves with the largest accepted size; undefined if the server does not answer. */
export async function showFiles() {
  try {
    const response = await fetch('files');
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { files, maxBytes } = await response.json();
    list.replaceChildren(...files.map(item));
    showNote(files.length === 0 ? 'Nothing yet.' : '');
    return maxBytes;
  } catch {
    showNote('The list of files cannot be had at the moment.');
    return undefined;
  }
}

/** Names are set by `textContent`, so that they never become markup. */
function item({ name, size, time }) {
  const link = document.createElement('a');
  link.href = `files/${encodeURIComponent(name)}`;
  link.download = name;
  link.innerHTML = `<bdi></bdi><span class="about"><span></span> · <time></time></span>${ICON}`;
  link.querySelector('bdi').textContent = name;
  link.querySelector('.about span').textContent = bytes(size);
  const clock = link.querySelector('time');
  clock.dateTime = time;
  clock.textContent = calendar.format(new Date(time));
  const made = document.createElement('li');
  made.append(link);
  return made;
}

function showNote(text) {
  note.textContent = text;
  note.hidden = text === '';
}
