/** Printable ASCII. */
function text(length) {
  return filled(length, (i) => 0x20 + ((i * 7) % 95));
}

/** All byte values. */
function binary(length) {
  return filled(length, (i) => (i * 31) & 0xff);
}

function filled(length, byteAt) {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(i);
  return bytes;
}

/** Orders as an API lists them: the names repeat, the values do not. Each `variant` has values of its own. */
function json(length, variant) {
  let seed = 1 + variant;
  const random = (below) => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
  const order = (_, id) => ({
    id: 1000 + id,
    customer: `customer-${random(100_000)}`,
    status: ['open', 'paid', 'shipped', 'returned'][random(4)],
    items: 1 + random(9),
    total: random(100_000) / 100,
    placed: new Date(1.7e12 + random(1e9)).toISOString(),
  });
  const orders = Array.from({ length: 1 + length / 100 }, order);
  const render = (note) => JSON.stringify({ orders, note });
  while (render('').length > length) orders.pop();
  return Buffer.from(render('-'.repeat(length - render('').length)));
}

const event = (data) => Buffer.from(JSON.stringify({ event: 'echo', data }));

/**
 * Payloads of a row's messages: `kind` names one, `make` is given the row's `bytes` and, for JSON, the number of
 * the variant. The same each time.
 */
export const payloads = {
  text: { type: 'text', make: text },
  binary: { type: 'binary', make: binary },
  json: { type: 'text', make: json },
  /** An event whose data is a string of that length. */
  event: { type: 'text', make: (length) => event(text(length).toString()) },
  /** An event whose data is what `servers/note.mjs` describes. */
  note: { type: 'text', make: () => event({ room: 'lobby', text: 'What is new today?', priority: 3, urgent: false }) },
};
