import { clearMessages, showMembers } from './view.js';

/** The frame of the talk: the form to join, the composer, the dialog for rooms, the drawer with people. */
const DEFAULT_ROOM = 'lobby';
const LINK_TEXT = { connecting: 'Connecting…', open: 'Connected', lost: 'Connection lost, trying again…' };
const NICKNAME_ITEM = 'portal-chat-nickname';

const byId = (id) => document.getElementById(id);
const app = byId('app');
const nicknameField = byId('nickname');
const textField = byId('text');
const roomField = byId('room');
const roomDialog = byId('room-dialog');
const peopleButton = byId('people-button');
const title = document.title;

let room = '';

export function isTalking() {
  return app.dataset.view === 'chat';
}

/** Shows the room, ready to talk. */
export function showTalk() {
  const isNew = !isTalking();
  app.dataset.view = 'chat';
  showError('');
  byId('send').disabled = false;
  if (isNew) textField.focus();
}

export function showJoin() {
  app.dataset.view = 'join';
  nicknameField.focus();
}

export function stopTalk() {
  byId('send').disabled = true;
}

export function showError(message) {
  const joining = !isTalking();
  byId('join-error').textContent = joining ? message : '';
  byId('chat-error').textContent = joining ? '' : message;
  nicknameField.ariaInvalid = String(joining && message !== '');
}

export function showLink(state, text = LINK_TEXT[state]) {
  byId('link').dataset.state = state;
  byId('link').textContent = text;
}

/** Shows a room that the user has not joined yet. */
export function showRoom(name) {
  showPeople(false);
  room = name;
  document.title = `${room} · ${title}`;
  byId('room-name').textContent = room;
  byId('join-room').textContent = room;
  clearMessages();
  showMembers([], undefined);
  app.dataset.view = 'join';
  showError('');
  stopTalk();
}

/** Puts refused text back into its field. */
export function returnText(text) {
  if (text === undefined) return;
  textField.value = textField.value === '' ? text : `${text}\n${textField.value}`;
  fitText();
}

/** The nickname that this browser remembers. */
export function remember(nickname) {
  try {
    localStorage.setItem(NICKNAME_ITEM, nickname);
  } catch {
    // storage is not available
  }
}

function remembered() {
  try {
    return localStorage.getItem(NICKNAME_ITEM) ?? '';
  } catch {
    return '';
  }
}

function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight}px`;
}

/** On a phone the list is a drawer. */
function showPeople(open) {
  if (app.classList.contains('people-open') === open) return;
  app.classList.toggle('people-open', open);
  peopleButton.ariaExpanded = String(open);
  (open ? byId('people-close') : peopleButton).focus();
}

/**
 * Begins, in the room of the URL. `join` gets a nickname, `say` a text, and returns whether it was sent; `enter` gets a room, as `tidyRoom`
 * makes it, which returns undefined for an invalid name.
 */
export function openFrame({ join, say, enter, tidyRoom }) {
  const readRoom = (text) => tidyRoom(text.trim().slice(0, roomField.maxLength));
  const roomOfUrl = () => readRoom(new URLSearchParams(location.search).get('room') ?? '') ?? DEFAULT_ROOM;

  byId('join-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = nicknameField.value.trim();
    if (chosen === '') {
      showError('Please choose a nickname.');
      nicknameField.focus();
      return;
    }
    showError('');
    join(chosen);
  });

  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = textField.value.trim();
    if (text === '' || byId('send').disabled || !say(text)) return;
    textField.value = '';
    showError('');
    fitText();
    textField.focus();
  });

  byId('room-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = readRoom(roomField.value);
    if (chosen === undefined) return roomField.focus();
    roomDialog.close();
    if (chosen === room) return;
    history.pushState(null, '', `?room=${encodeURIComponent(chosen)}`);
    enter(chosen);
  });
  addEventListener('popstate', () => enter(roomOfUrl()));

  nicknameField.value = remembered();
  enter(roomOfUrl());
  nicknameField.focus();
}

textField.addEventListener('input', fitText);
textField.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('composer').requestSubmit();
});

byId('room-button').addEventListener('click', () => {
  roomField.value = room;
  roomDialog.showModal();
  roomField.select();
});
byId('room-cancel').addEventListener('click', () => roomDialog.close());

peopleButton.addEventListener('click', () => showPeople(true));
byId('people-close').addEventListener('click', () => showPeople(false));
byId('scrim').addEventListener('click', () => showPeople(false));
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') showPeople(false);
});
