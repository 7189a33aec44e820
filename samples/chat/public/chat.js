import { Link } from './link.js';
import { clearMessages, showMembers, showMessage, showNotice, showPresence } from './view.js';

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

let room = '';
let link;
/** What the server shall call us; undefined while nobody has asked to join. */
let nickname;
/** Proves that it is us who come back after a lost connection. */
let key;
/** What was sent and has not come back to us yet. */
let unheard = [];

const handlers = {
  welcome({ members, ...mine }) {
    const back = app.dataset.view === 'chat';
    ({ key, nickname } = mine);
    link.settle();
    remember(nickname);
    showView('chat');
    showMembers(members, nickname);
    showError('');
    byId('send').disabled = false;
    if (back) showNotice('You are back. What was said meanwhile is not shown.');
    else textField.focus();
  },
  joined(event) {
    showMembers(event.members, nickname);
    showPresence(event, 'joined');
  },
  left(event) {
    showMembers(event.members, nickname);
    showPresence(event, 'left');
  },
  said(message) {
    const mine = message.nickname === nickname;
    if (mine) unheard.shift();
    showMessage(message, mine);
  },
  error({ code, message }) {
    if (code === 'already_joined') return;
    if (code.startsWith('text_')) returnText(unheard.shift());
    if (code.startsWith('nickname_') || code.startsWith('room_')) {
      nickname = undefined;
      key = undefined;
      showView('join');
      nicknameField.focus();
    }
    showError(message);
  },
};

function showView(view) {
  app.dataset.view = view;
}

function showError(message) {
  const joining = app.dataset.view === 'join';
  byId('join-error').textContent = joining ? message : '';
  byId('chat-error').textContent = joining ? '' : message;
  nicknameField.ariaInvalid = String(joining && message !== '');
}

function showLink(state) {
  byId('link').dataset.state = state;
  byId('link').textContent = LINK_TEXT[state];
}

function enterRoom(name) {
  link?.close();
  showPeople(false);
  room = name;
  key = undefined;
  unheard = [];
  document.title = `${room} · Portal chat`;
  byId('room-name').textContent = room;
  byId('join-room').textContent = room;
  clearMessages();
  showMembers([], undefined);
  showError('');
  byId('send').disabled = true;
  showView('join');
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  link = new Link(`${scheme}//${location.host}/chat/${encodeURIComponent(room)}`, {
    onState(state) {
      showLink(state);
      if (state === 'open' && nickname !== undefined) join();
      if (state === 'lost') {
        byId('send').disabled = true;
        for (const text of unheard.splice(0).reverse()) returnText(text);
      }
    },
    onMessage: (message) => handlers[message.type]?.(message),
  });
}

function join() {
  link.send({ type: 'join', nickname, key });
}

/** Text that was not taken goes back to where it was written. */
function returnText(text) {
  if (text === undefined) return;
  textField.value = textField.value === '' ? text : `${text}\n${textField.value}`;
  fitText();
}

function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight}px`;
}

/** Undefined for what a URL cannot name: the path of `..` is another one. */
function readRoom(text) {
  const name = text.trim().slice(0, roomField.maxLength);
  return /^\.{0,2}$/.test(name) ? undefined : name;
}

function roomOfUrl() {
  return readRoom(new URLSearchParams(location.search).get('room') ?? '') ?? DEFAULT_ROOM;
}

function remember(name) {
  try {
    localStorage.setItem(NICKNAME_ITEM, name);
  } catch {
    // a browser that keeps nothing
  }
}

function remembered() {
  try {
    return localStorage.getItem(NICKNAME_ITEM) ?? '';
  } catch {
    return '';
  }
}

/** On a phone the list is a drawer. */
function showPeople(open) {
  if (app.classList.contains('people-open') === open) return;
  app.classList.toggle('people-open', open);
  peopleButton.ariaExpanded = String(open);
  (open ? byId('people-close') : peopleButton).focus();
}

byId('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const chosen = nicknameField.value.trim();
  if (chosen === '') {
    showError('Please choose a nickname.');
    nicknameField.focus();
    return;
  }
  nickname = chosen;
  showError('');
  join();
});

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  if (text === '' || byId('send').disabled || !link.send({ type: 'say', text })) return;
  unheard.push(text);
  textField.value = '';
  showError('');
  fitText();
  textField.focus();
});

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
byId('room-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const chosen = readRoom(roomField.value);
  if (chosen === undefined) return roomField.focus();
  roomDialog.close();
  if (chosen === room) return;
  history.pushState(null, '', `?room=${encodeURIComponent(chosen)}`);
  enterRoom(chosen);
});
addEventListener('popstate', () => enterRoom(roomOfUrl()));

peopleButton.addEventListener('click', () => showPeople(true));
byId('people-close').addEventListener('click', () => showPeople(false));
byId('scrim').addEventListener('click', () => showPeople(false));
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') showPeople(false);
});

nicknameField.value = remembered();
enterRoom(roomOfUrl());
nicknameField.focus();
