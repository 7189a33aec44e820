import { showFiles } from './files.js';
import { bytes, duration } from './format.js';
import { Sending } from './sending.js';

const TITLE = document.title;
const byId = (id) => document.getElementById(id);
const card = byId('upload');
const bar = byId('bar');
const fileField = byId('file');

/** Error texts, with advice. */
const FAILURES = {
  unreadable: () => ['This file cannot be read', 'Was it moved, or is it a folder? Choose it once more.'],
  unreachable: () => ['The server does not answer', 'Nothing was sent. Is the server running, and this device online?'],
  broken: ({ received, file }) => [
    'The connection broke off',
    `${bytes(received)} of ${bytes(file.size)} had arrived. The server has thrown them away.`,
  ],
  'too-big': ({ file }) => [
    'This file is too big',
    maxBytes === undefined || file.size <= maxBytes
      ? `It has ${bytes(file.size)}, more than the server takes.`
      : `It has ${bytes(file.size)}. The server takes files of up to ${bytes(maxBytes)}.`,
  ],
  full: (_, message) => ['The server is full', message ?? 'There is no room left for this file.'],
  stopping: () => ['The server is being stopped', 'Nothing of the file was kept. Try again in a moment.'],
  failed: () => ['The server could not keep the file', 'The reason is in its log. Nothing of the file was kept.'],
};
/** Reasons for which a second try is useless. */
const FINAL = ['too-big', 'unreadable'];

let maxBytes;
/** Undefined if the latest file was not tried. */
let sending;
/** The file of the latest try. */
let chosen;

function show(view) {
  const changes = card.dataset.view !== view;
  card.dataset.view = view;
  // the focused element may be gone
  if (changes) card.querySelector(`.${view} h2`).focus({ preventScroll: true });
  if (view !== 'sending') document.title = TITLE;
}

function fill(fields) {
  for (const [name, text] of Object.entries(fields)) {
    for (const element of card.querySelectorAll(`[data-field="${name}"]`)) element.textContent = text;
  }
}

/** Text for screen readers. */
function say(text) {
  byId('status').textContent = text;
}

function start(file) {
  chosen = file;
  sending = undefined;
  byId('note').textContent = '';
  fill({ name: file.name });
  if (file.size > (maxBytes ?? Infinity)) return fail('too-big');
  sending = new Sending(file, { onProgress: showProgress, onDone: finish, onFailure: fail });
  show('sending');
  showProgress();
  say(`Uploading ${file.name}`);
  return undefined;
}

function showProgress() {
  const { file, sent, received, speed } = sending;
  const part = (count) => (file.size === 0 ? 1 : count / file.size);
  const percent = Math.floor(part(received) * 100);
  const progress = `${bytes(received)} of ${bytes(file.size)}`;
  bar.querySelector('.sent').style.setProperty('--part', part(Math.max(sent, received)));
  bar.querySelector('.received').style.setProperty('--part', part(received));
  bar.ariaValueNow = String(percent);
  bar.ariaValueText = `${percent} %, ${progress}`;
  fill({ percent, arrived: `${progress} arrived`, speed: speedText(file.size - received, speed) });
  document.title = `${percent} % · ${file.name}`;
}

function speedText(left, speed) {
  if (left === 0) return 'writing the rest to the disk';
  if (speed === undefined || speed === 0) return '';
  return `${bytes(Math.round(speed))}/s · ${duration(Math.ceil(left / speed))} left`;
}

function finish({ name, size, sha256 }) {
  const { seconds } = sending;
  fill({ name, size: `${bytes(size)} (${size.toLocaleString()} bytes)`, sha256 });
  fill({ time: `${duration(seconds)}, ${bytes(Math.round(size / seconds))}/s` });
  byId('copy').textContent = 'Copy SHA-256';
  show('done');
  say(`${name} has arrived.`);
  void showFiles();
}

function fail(reason, message) {
  const [problem, advice] = FAILURES[reason](sending ?? { file: chosen, received: 0 }, message);
  fill({ problem, advice });
  byId('again').hidden = FINAL.includes(reason);
  show('failed');
  say(`${problem}. ${advice}`);
}

function reset(note = '') {
  byId('idle').reset();
  byId('note').textContent = note;
  show('idle');
  say(note);
}

function take(files) {
  if (card.dataset.view === 'sending' || files.length === 0) return;
  if (files.length > 1) reset('One file at a time, please.');
  else start(files[0]);
}

fileField.addEventListener('change', () => take(fileField.files));
byId('idle').addEventListener('submit', (event) => event.preventDefault());
byId('cancel').addEventListener('click', () => {
  sending.cancel();
  reset('Cancelled. Nothing of the file was kept.');
});
byId('again').addEventListener('click', () => start(chosen));
for (const button of document.querySelectorAll('.another')) button.addEventListener('click', () => reset());
byId('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(byId('sha256').textContent);
    byId('copy').textContent = 'Copied';
    say('Copied');
  } catch {
    // the text is at least selected if the clipboard is not allowed
    getSelection().selectAllChildren(byId('sha256'));
  }
});

let over = 0;
addEventListener('dragenter', () => document.body.classList.toggle('dropping', ++over > 0));
addEventListener('dragleave', () => document.body.classList.toggle('dropping', --over > 0));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  over = 0;
  document.body.classList.remove('dropping');
  take(event.dataTransfer.files);
});

async function load() {
  maxBytes = await showFiles();
  byId('largest').textContent = maxBytes === undefined ? '' : `Up to ${bytes(maxBytes)}.`;
}
void load();
