import { OnClose, OnMessage, OnOpen, OnPing, WebSocketPath } from '../../dist/index.js';
import { decorate } from './decorate.mjs';

// What an application has besides the controller that is measured.

const CONTROLLERS = 200;
/** Live objects: some 50 MB of records. */
const RECORDS = 170_000;
/** Records that are replaced every `CHURN_MS`. */
const REPLACED = 300;
const CHURN_MS = 20;

export const makeControllers = () => Array.from({ length: CONTROLLERS }, (_, number) => makeController(number));

/** A class of its own with five handlers. */
function makeController(number) {
  const controller = class {
    open() {}
    text(message) {
      return message;
    }
    binary(message) {
      return message;
    }
    ping() {}
    close() {}
  };
  Object.defineProperty(controller, 'name', { value: `Controller${number}` });
  return decorate(controller, [WebSocketPath(`/controllers/${number}/:id`)], {
    open: [[], OnOpen()],
    text: [[String], OnMessage()],
    binary: [[Uint8Array], OnMessage()],
    ping: [[], OnPing()],
    close: [[], OnClose()],
  });
}

/** Fills the heap with records that live, and replaces some of them for as long as the process runs. */
export function fillHeap() {
  const records = Array.from({ length: RECORDS }, (_, id) => makeRecord(id));
  let next = 0;
  const replace = () => {
    for (let one = 0; one < REPLACED; one++, next = (next + 1) % RECORDS) records[next] = makeRecord(next);
  };
  setInterval(replace, CHURN_MS).unref();
}

const makeRecord = (id) => ({ id, name: `record ${id}`, price: id / 100, tags: [id, id + 1], at: new Date(id) });
