import { createServer } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { Notifications } from '../attach/notifications';
import { errorAnswer, LogIn, MAX_BODY_BYTES, NO_SUCH_ROUTE, Notify, parse } from '../attach/requests';
import { createNotifications, serve, type Running, type Settings } from '../attach/serving';
import { Sessions } from '../attach/sessions';

/** Notifications over REST by Express, and over WebSockets by Portal, on one port. */
export async function startExpress(port: number, settings: Settings): Promise<Running> {
  const app = await createNotifications(settings);
  const { container } = app;
  const rest = createRest(container.resolve(Sessions), container.resolve(Notifications));
  return serve(app, createServer(rest), port);
}

function createRest(sessions: Sessions, notifications: Notifications): Express {
  const rest = express();
  rest.disable('x-powered-by');
  rest.use(express.json({ limit: MAX_BODY_BYTES }));

  rest.post('/login', async (request, response) => {
    const { user, password } = parse(LogIn, request.body);
    response.set('Set-Cookie', await sessions.begin(user, password));
    response.status(204).end();
  });

  rest.post('/logout', (request, response) => {
    notifications.logOut(sessions.userOf(request.headers.cookie).id);
    response.set('Set-Cookie', sessions.end);
    response.status(204).end();
  });

  rest.get('/notifications', (request, response) => {
    const { id } = sessions.userOf(request.headers.cookie);
    response.json(notifications.of(id));
  });

  rest.post('/notifications', (request, response) => {
    const user = sessions.userOf(request.headers.cookie);
    const { to, text } = parse(Notify, request.body);
    response.status(201).json(notifications.send(user, to, text));
  });

  rest.use(() => {
    throw NO_SUCH_ROUTE;
  });
  // Express recognises an error handler by its four parameters
  const onError: ErrorRequestHandler = (error, _request, response, _next) => {
    const { status, body } = errorAnswer(error);
    response.status(status).json(body);
  };
  rest.use(onError);
  return rest;
}
