import { fastify, type FastifyInstance } from 'fastify';
import { Notifications } from '../attach/notifications';
import { errorAnswer, LogIn, MAX_BODY_BYTES, NO_SUCH_ROUTE, Notify, parse } from '../attach/requests';
import { createNotifications, urlOf, type Running, type Settings } from '../attach/serving';
import { Sessions } from '../attach/sessions';

/** Notifications over REST by Fastify, and over WebSockets by Portal, on one port. */
export async function startFastify(port: number, settings: Settings): Promise<Running> {
  const app = await createNotifications(settings);
  const { container } = app;
  const rest = createRest(container.resolve(Sessions), container.resolve(Notifications));
  // Fastify waits for all connections to close, so WebSockets have to go before
  rest.addHook('preClose', () => app.close());
  try {
    await app.attach(rest.server);
    await rest.listen({ port, host: 'localhost' });
  } catch (error) {
    await rest.close();
    throw error;
  }
  return { app, url: urlOf(rest.server), close: () => rest.close() };
}

function createRest(sessions: Sessions, notifications: Notifications): FastifyInstance {
  const rest = fastify({ bodyLimit: MAX_BODY_BYTES });
  rest.removeContentTypeParser('text/plain');

  rest.post('/login', async (request, reply) => {
    const { user, password } = parse(LogIn, request.body);
    return reply
      .header('Set-Cookie', await sessions.begin(user, password))
      .status(204)
      .send();
  });

  rest.post('/logout', async (request, reply) => {
    notifications.logOut(sessions.userOf(request.headers.cookie).id);
    return reply.header('Set-Cookie', sessions.end).status(204).send();
  });

  rest.get('/notifications', async (request) => {
    const { id } = sessions.userOf(request.headers.cookie);
    return notifications.of(id);
  });

  rest.post('/notifications', async (request, reply) => {
    const user = sessions.userOf(request.headers.cookie);
    const { to, text } = parse(Notify, request.body);
    return reply.status(201).send(notifications.send(user, to, text));
  });

  rest.setNotFoundHandler(() => {
    throw NO_SUCH_ROUTE;
  });
  rest.setErrorHandler((error, _request, reply) => {
    const { status, body } = errorAnswer(error);
    return reply.status(status).send(body);
  });
  return rest;
}
