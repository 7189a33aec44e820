const REPORT_EVERY_MS = 100;

/**
 * A worker that sends one file as one message. `close()` on a WebSocket first sends all that waits, which may be most of
 * the file: to end this worker is the only way to stop at once.
 */
addEventListener('message', async ({ data: { file, url } }) => {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    postMessage({ type: 'unreadable' });
    return;
  }
  const socket = new WebSocket(url);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    socket.send(file);
    setInterval(() => postMessage({ type: 'sent', bytes: file.size - socket.bufferedAmount }), REPORT_EVERY_MS);
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'done') socket.close(1000);
    postMessage(message);
  };
  socket.onclose = ({ code }) => postMessage({ type: 'closed', code, opened });
});
