import { avatar, element } from './view.js';

/** Hues that are told apart beside each other. */
const HUES = [305, 55, 150, 255, 100, 195, 20, 345];

const members = document.getElementById('members');

/** A number in the colour of its process. */
function chip(worker) {
  const made = element('span', 'chip', worker);
  made.style.setProperty('--hue', HUES[(worker - 1) % HUES.length]);
  return made;
}

/** The badge of processes, and its text. */
function badge(words, ...parts) {
  const made = element('span', 'badge');
  made.title = words;
  const shown = element('span', 'chips');
  shown.ariaHidden = 'true';
  shown.append(...parts);
  made.append(shown, element('span', 'visually-hidden', words));
  return made;
}

/** The badge of a message: from the process of its author to ours. */
export function route(from, to) {
  const way = element('span', 'way', '→');
  return badge(`from process ${from} to process ${to}`, chip(from), way, chip(to));
}

/** Shows the process that we are connected to; none when undefined. */
export function showPlace(place) {
  const shown = document.getElementById('place');
  if (place === undefined) return shown.replaceChildren();
  shown.replaceChildren(
    'process ',
    chip(place.worker),
    element('span', 'pid', `pid ${place.pid}`),
    element('span', 'visually-hidden', '.'),
  );
}

export function showPeople(people, me) {
  const sorted = people.toSorted(
    (a, b) => Number(b.nickname === me) - Number(a.nickname === me) || a.nickname.localeCompare(b.nickname),
  );
  members.replaceChildren(
    ...sorted.map(({ nickname, workers }) => {
      const item = element('li');
      item.append(avatar(nickname), element('bdi', '', nickname));
      if (nickname === me) item.append(element('span', 'tag', 'you'));
      const words = `on process ${workers.join(' and ')}`;
      item.append(badge(words, ...workers.map(chip)));
      return item;
    }),
  );
  document.getElementById('people-count').textContent = people.length;
}
