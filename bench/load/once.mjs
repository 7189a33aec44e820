/** Each connection sends the message once, `lanes` of them at a time. Resolves when all are answered. */
export async function runOnce(clients, { requests: [request], replyUnits, lanes }) {
  const waiting = clients.values();
  const lane = async () => {
    // the lanes share one iterator
    for (const client of waiting) {
      await new Promise((resolve) => {
        let due = replyUnits;
        client.onReply = (units) => {
          due -= units;
          if (due === 0) resolve();
        };
        client.write(request);
      });
      client.onReply = () => {};
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
